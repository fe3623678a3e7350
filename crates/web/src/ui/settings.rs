//! Settings: one's own profile and password, and what leads to the other screens.

pub(crate) mod accounts;
pub(crate) mod break_glass;
pub(crate) mod groups;
pub(crate) mod journal;
pub(crate) mod tokens;
pub(crate) mod webhooks;

use app::AppError;
use app::account::{self, PasswordChange, ProfilePatch, ProfileView, Secret, Theme};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::shell::Toast;
use super::{Errors, Form, Screen, Shell, Visit, page, page_with, see};
use crate::Web;
use crate::params::Query;
use crate::visitor::{Client, begin_session};

/// What was just done, as the page after it says.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Done {
    #[serde(default)]
    done: String,
}

impl Done {
    /// Puts the sentence onto the page. Only sentences of ours: the URL can be anybody's.
    fn tell(&self, shell: &mut Shell) {
        let text = match self.done.as_str() {
            "profile" => "Your profile is saved.",
            "password" => "Your password is changed. Everywhere else you are signed out.",
            "revoked" => "The token is revoked: whatever used it is shut out from now on.",
            "account" => "The account is saved.",
            "account-created" => "The account is created.",
            "account-password" => "The new password is set. Sessions of the account have ended.",
            "group" => "The group is saved.",
            "webhook" => "The webhook is saved.",
            "webhook-paused" => "The webhook is paused: what happens from now on is not sent.",
            "webhook-resumed" => "The webhook is resumed: what waits is sent now.",
            "webhook-tested" => "A test is on its way.",
            "webhook-resent" => "The message is sent again.",
            "webhook-deleted" => "The webhook is deleted.",
            _ => return,
        };
        shell.toast = Some(Toast { text: text.to_owned(), undo: None, bad: false });
    }
}

#[derive(Template)]
#[template(path = "settings/profile.html")]
struct ProfilePage {
    shell: Shell,
    profile: ProfileView,
    form: ProfileForm,
    errors: Errors,
    password_errors: Errors,
}

/// The form of one's profile.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct ProfileForm {
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    theme: Theme,
    #[serde(default)]
    time_zone: String,
}

impl ProfileForm {
    fn of(profile: &ProfileView) -> Self {
        Self {
            display_name: profile.account.display_name.clone(),
            email: profile.account.email.clone(),
            theme: profile.theme,
            time_zone: profile.time_zone.clone(),
        }
    }
}

pub(crate) async fn profile(State(web): State<Web>, mut visit: Visit, Query(done): Query<Done>) -> Screen {
    let profile = account::profile(&web.app, &visit.actor).await?;
    done.tell(&mut visit.shell);
    let form = ProfileForm::of(&profile);
    page(&ProfilePage { shell: visit.shell, profile, form, errors: Errors::default(), password_errors: Errors::default() })
}

pub(crate) async fn save_profile(State(web): State<Web>, visit: Visit, Form(form): Form<ProfileForm>) -> Screen {
    let patch = ProfilePatch {
        display_name: Some(form.display_name.clone()),
        email: Some(form.email.clone()),
        theme: Some(form.theme),
        time_zone: Some(form.time_zone.clone()),
    };
    match account::update_profile(&web.app, &visit.actor, patch).await {
        Ok(_) => Ok(see("/settings?done=profile")),
        Err(error) => {
            let errors = Errors::of(error)?;
            let profile = account::profile(&web.app, &visit.actor).await?;
            let again = ProfilePage { shell: visit.shell, profile, form, errors, password_errors: Errors::default() };
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &again)
        }
    }
}

/// The old password and the new one: neither is sent back.
#[derive(Default, Deserialize)]
pub(crate) struct PasswordForm {
    #[serde(default)]
    old: Secret,
    #[serde(default)]
    new: Secret,
}

pub(crate) async fn change_password(
    State(web): State<Web>,
    visit: Visit,
    Client(client): Client,
    Form(form): Form<PasswordForm>,
) -> Screen {
    let input = PasswordChange { old: form.old, new: form.new };
    match account::change_password(&web.app, &visit.actor, input, &client).await {
        Ok(begun) => {
            let mut response = see("/settings?done=password");
            if let Some(session) = begun {
                begin_session(&web, &mut response, &session);
            }
            Ok(response)
        }
        Err(error) => {
            let status = crate::error::status(&error);
            let password_errors = match error {
                AppError::Throttled { .. } => Errors(vec![model::FieldError { pointer: "/old".to_owned(), detail: error.to_string() }]),
                other => Errors::of(other)?,
            };
            let profile = account::profile(&web.app, &visit.actor).await?;
            let form = ProfileForm::of(&profile);
            page_with(status, &ProfilePage { shell: visit.shell, profile, form, errors: Errors::default(), password_errors })
        }
    }
}
