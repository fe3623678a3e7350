//! How much of a batch is on its way to the indexing threads.
//!
//! The index library's queue is bounded by hand-overs, not by what they hold: a reader that is faster than the indexing put
//! a gigabyte of events into it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// After so long without an event taken, the next one is handed over nevertheless: threads that failed say so then.
const STANDSTILL: Duration = Duration::from_secs(1);

/// Bytes of events between the reader and the index.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    bytes: Mutex<usize>,
    less: Condvar,
}

/// An event's share; it ends with the event.
#[derive(Debug)]
pub(crate) struct Share {
    flow: Arc<Flow>,
    bytes: usize,
}

impl Share {
    /// How many bytes it is.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Flow {
    fn bytes(&self) -> MutexGuard<'_, usize> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an event in.
    pub(crate) fn enter(self: &Arc<Self>, bytes: usize) -> Share {
        *self.bytes() += bytes;
        Share { flow: Arc::clone(self), bytes }
    }

    /// Waits until no more than `most` bytes are on their way.
    pub(crate) fn wait(&self, most: usize) {
        let mut bytes = self.bytes();
        while *bytes > most {
            let before = *bytes;
            let (now, waited) = self.less.wait_timeout(bytes, STANDSTILL).unwrap_or_else(PoisonError::into_inner);
            if waited.timed_out() && *now == before {
                return;
            }
            bytes = now;
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        *self.flow.bytes() -= self.bytes;
        self.flow.less.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_hands_over_waits_for_who_takes() {
        let flow = Arc::new(Flow::default());
        let (first, second) = (flow.enter(60), flow.enter(50));
        assert_eq!((first.bytes(), *flow.bytes()), (60, 110));
        let taker = std::thread::spawn(move || drop(first));
        flow.wait(100);
        assert_eq!(*flow.bytes(), 50);
        taker.join().unwrap();
        flow.wait(50);
        // Nobody takes any more: it goes on, and the hand-over tells why.
        flow.wait(0);
        drop(second);
        assert_eq!(*flow.bytes(), 0);
    }
}
