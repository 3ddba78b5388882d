//! Whether a server that is told to stop finishes its work.

use super::delivery::reaches_all_residents;
use super::event::residents;
use super::transcripts;
use crate::case::{Fault, Judgement, Observation};

/// What one client had received when the stop was asked for, all receive in whole lines; then every
/// connection is closed, and the exit code is 0.
pub(super) fn judge(observation: &Observation) -> Judgement {
    let transcripts = transcripts(observation);
    match (transcripts.gave_up(), &transcripts.cut) {
        (None, _) => {}
        (Some(gave_up), _) if !gave_up.is_proof() => return Judgement::Unproven(gave_up.to_string()),
        (_, Some(cut)) => {
            return Fault::new("the room works until it is told to stop", cut.to_string()).into();
        }
        (Some(open), None) => {
            return Fault::new("told to stop, the server closes every connection", open.to_string()).into();
        }
    }
    if let Some(client) = residents(transcripts).find(|client| client.torn) {
        let seen = format!("the last line that {} receives has no end", client.nick);
        return Fault::new("a connection is closed after whole lines", seen).into();
    }
    match reaches_all_residents(transcripts) {
        Err(Fault { seen, .. }) => Fault::new(
            "what was accepted before the stop is delivered before the connections are closed",
            seen,
        )
        .into(),
        Ok(()) if observation.code() != Some(0) => {
            Fault::new("the server exits with code 0", observation.ending().to_string()).into()
        }
        Ok(()) => Judgement::Kept,
    }
}
