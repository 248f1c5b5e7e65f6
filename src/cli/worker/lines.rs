//! This file prints the lines of `--via log` without ever holding the worker up for longer than its reader needs.

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::output::Printer;

/// How many lines wait for the reader; more slow the sending down.
const WAITING_LINES: usize = 256;

/// A thread that writes lines to stdout: a slow reader blocks it and nothing else.
pub(super) struct Lines {
    finished: oneshot::Receiver<()>,
}

impl Lines {
    /// Starts it; the lines end when the sender is dropped. A reader that goes away (`| head`) stops the worker.
    pub(super) fn start(printer: Printer, stop: CancellationToken) -> (mpsc::Sender<String>, Self) {
        let (sink, mut lines) = mpsc::channel::<String>(WAITING_LINES);
        let (done, finished) = oneshot::channel();
        std::thread::spawn(move || {
            let mut batch = Vec::new();
            while lines.blocking_recv_many(&mut batch, WAITING_LINES) > 0 {
                if print(&printer, &batch).is_err() {
                    stop.cancel();
                    break;
                }
                batch.clear();
            }
            // nobody waits any more after a second signal
            done.send(()).ok();
        });
        (sink, Self { finished })
    }

    /// Waits until all is printed.
    pub(super) async fn finish(self) {
        // an error means that the thread ended without a word: then there is nothing to wait for
        self.finished.await.ok();
    }
}

/// With a format asked for, stdout belongs to the result and the lines are remarks.
fn print(printer: &Printer, batch: &[String]) -> std::io::Result<()> {
    if printer.format.is_none() {
        return printer.lines(batch.iter().map(String::as_str));
    }
    for line in batch {
        printer.note(line);
    }
    Ok(())
}
