//! The one way in which verbs read and write.

use model::{Actor, Stamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{Tx, idempotency};

use crate::App;
use crate::error::{AppError, Result};

impl App {
    /// Reads as an actor: one transaction over one snapshot.
    pub(crate) async fn read<T, F>(&self, actor: &Actor, work: F) -> Result<T>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.store.read(actor.scope(), work).await
    }

    /// Changes something as an actor: one durable transaction. With an idempotency key, a request that was carried out
    /// already gets its first answer again.
    pub(crate) async fn change<T, F>(&self, actor: &Actor, work: F) -> Result<T>
    where
        F: Fn(&mut Tx<'_>, &Stamp) -> Result<T> + Send + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        let stamp = self.stamp(&actor.name);
        let (account, request) = (actor.account, actor.idempotency.clone());
        let write = move |tx: &mut Tx<'_>| {
            let Some(request) = &request else { return work(tx, &stamp) };
            if let Some(answered) = idempotency::find(tx, account, request, stamp.at)? {
                if answered.body_hash != request.body_hash {
                    return Err(AppError::KeyReused);
                }
                return serde_json::from_str(&answered.response).map_err(|error| AppError::Internal(error.to_string()));
            }
            let view = work(tx, &stamp)?;
            let response = serde_json::to_string(&view).map_err(|error| AppError::Internal(error.to_string()))?;
            idempotency::remember(tx, account, request, &response, &stamp)?;
            Ok(view)
        };
        self.store.write(actor.scope(), write).await
    }

    /// The circumstances of a change that happens now.
    pub(crate) fn stamp(&self, actor: &str) -> Stamp {
        Stamp { at: self.world.now(), actor: actor.to_owned(), seed: self.world.seed() }
    }
}
