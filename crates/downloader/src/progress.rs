//! Progress bars on standard error, and nothing at all where that is not a terminal.

use std::io::{self, IsTerminal};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// The bars of all downloads that are under way.
pub(crate) struct Progress(Option<MultiProgress>);

/// The bar of one download; it disappears when dropped.
pub(crate) struct Bar(Option<ProgressBar>);

impl Progress {
    pub(crate) fn new() -> Self {
        Self(io::stderr().is_terminal().then(MultiProgress::new))
    }

    /// Shows a bar for a file of `total` bytes, or a running count where the server does not tell.
    pub(crate) fn start(&self, name: &str, total: Option<u64>) -> Bar {
        Bar(self.0.as_ref().map(|bars| {
            let template = match total {
                Some(_) => "{bar:25} {bytes:>11} of {total_bytes:11} {bytes_per_sec:13} {wide_msg}",
                None => "{spinner:25} {bytes:>11}    {bytes_per_sec:13} {wide_msg}",
            };
            let style = ProgressStyle::with_template(template).expect("the template is well formed");
            let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
            bars.add(bar.with_style(style).with_message(name.to_owned()))
        }))
    }
}

impl Bar {
    pub(crate) fn advance(&self, bytes: u64) {
        if let Some(bar) = &self.0 {
            bar.inc(bytes);
        }
    }
}
