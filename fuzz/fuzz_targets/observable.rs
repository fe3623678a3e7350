//! Whatever is taken as an observable is in normal form, and is read back from how it is shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::observable::{Observable, ObservableType, defang};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    for kind in ObservableType::ALL {
        if let Ok(observable) = Observable::new(*kind, &text) {
            assert_eq!(Observable::new(observable.kind, &observable.value).as_ref(), Ok(&observable));
            assert_eq!(Observable::new(observable.kind, &defang(&observable)).as_ref(), Ok(&observable));
        }
    }
    let _ = Observable::guess(&text);
});
