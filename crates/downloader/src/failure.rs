//! Why a download failed: one word for the output, the details for people.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

use crate::output::one_line;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    BadUrl,
    Dns,
    Connect,
    Refused,
    Reset,
    Tls,
    Timeout,
    Status(u16),
    RedirectLoop,
    BadRedirect,
    BadResponse,
    Truncated,
    Write,
}

#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) reason: Reason,
    details: String,
}

impl Failure {
    pub(crate) fn new(reason: Reason, details: impl fmt::Display) -> Self {
        Self { reason, details: one_line(&details.to_string()) }
    }

    /// No answer came: whatever ended the connection, nothing of the file was there yet.
    pub(crate) fn without_answer(error: reqwest::Error) -> Self {
        Self::from_network(&error.without_url(), Reason::Reset)
    }

    /// The answer began and did not come to its end.
    pub(crate) fn within_body(error: &io::Error) -> Self {
        Self::from_network(error, Reason::Truncated)
    }

    /// `cut` is what a connection means that was closed in good order, but too early.
    fn from_network(error: &(dyn Error + 'static), cut: Reason) -> Self {
        let reason = causes(error).find_map(|cause| reason_in(cause, cut)).unwrap_or(Reason::BadResponse);
        let mut details: Vec<String> = causes(error).map(ToString::to_string).collect();
        // Wrappers that show what they wrap would say it twice.
        details.dedup();
        Self::new(reason, details.join(": "))
    }
}

impl Reason {
    /// Whether the same request may well succeed a moment later.
    pub(crate) fn is_transient(self) -> bool {
        matches!(self, Self::Status(500..=599) | Self::Refused | Self::Reset)
    }
}

/// An error and what is behind it, from the outside in.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        // The source of an `io::Error` that wraps another error would skip the wrapped one.
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        }
    })
}

fn reason_in(cause: &(dyn Error + 'static), cut: Reason) -> Option<Reason> {
    if let Some(error) = cause.downcast_ref::<reqwest::Error>() {
        let known = [
            (error.is_builder(), Reason::BadUrl),
            (error.is_timeout(), Reason::Timeout),
            (error.is_dns(), Reason::Dns),
        ];
        return known.into_iter().find_map(|(is, reason)| is.then_some(reason));
    }
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        return match error.kind() {
            ErrorKind::ConnectionRefused => Some(Reason::Refused),
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
                Some(Reason::Reset)
            }
            ErrorKind::UnexpectedEof => Some(cut),
            // What is left of the system's own errors is about reaching the host at all.
            _ => error.raw_os_error().map(|_| Reason::Connect),
        };
    }
    if cause.is::<rustls::Error>() {
        return Some(Reason::Tls);
    }
    // The HTTP library has no public type for this one.
    cause.to_string().starts_with("connection closed before message completed").then_some(cut)
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Status(code) => return write!(f, "status-{code}"),
            Self::BadUrl => "bad-url",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::RedirectLoop => "redirect-loop",
            Self::BadRedirect => "bad-redirect",
            Self::BadResponse => "bad-response",
            Self::Truncated => "truncated",
            Self::Write => "write",
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} ({})", self.reason, self.details)
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for reason in [Reason::Refused, Reason::Reset, Reason::Status(500), Reason::Status(599)] {
            assert!(reason.is_transient(), "{reason}");
        }
        for reason in
            [Reason::Timeout, Reason::Truncated, Reason::Status(404), Reason::Status(429), Reason::Write]
        {
            assert!(!reason.is_transient(), "{reason}");
        }
    }
}
