//! How fast logs are read: `cargo run --release -p vizsla-formats --example read_speed -- FILE…`.
//!
//! Each file is unpacked once, so that events alone are measured; the best of five is told.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

use std::fs::File;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::time::Instant;

fn main() {
    for path in std::env::args().skip(1) {
        let mut lines = Vec::new();
        formats::log_events::read_events(File::open(&path).unwrap(), &path, &Default::default(), &mut |event| {
            lines.extend_from_slice(event.raw.as_bytes());
            lines.push(b'\n');
            ControlFlow::Continue(())
        })
        .unwrap();
        let (mut best, mut events) = (f64::MAX, 0);
        for _ in 0..5 {
            let began = Instant::now();
            let report = formats::log_events::read_events(Cursor::new(&lines), &path, &Default::default(), &mut |event| {
                std::hint::black_box(event);
                ControlFlow::Continue(())
            })
            .unwrap();
            best = best.min(began.elapsed().as_secs_f64());
            events = report.events;
        }
        let megabytes = lines.len() as f64 / 1e6;
        println!("{path}: {events} events, {megabytes:.1} MB: {:.0} MB/s, {:.0} events/s", megabytes / best, events as f64 / best);
    }
}
