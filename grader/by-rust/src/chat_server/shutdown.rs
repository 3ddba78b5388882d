//! Whether a server that is told to stop finishes its work.

use confine::run::Ending;
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;
use rustix::process::Signal;

use super::delivery::reaches_all_residents;
use super::event::residents;
use super::transcripts;
use exercise::judges;

/// What one client had received when the stop was asked for, all receive in whole lines; then every
/// connection is closed, and the exit code is 0.
pub(super) fn judge(observation: &Observation) -> Judgement {
    let transcripts = transcripts(observation);
    match (transcripts.gave_up(), &transcripts.cut) {
        (None, _) => {}
        (Some(gave_up), _) if !gave_up.is_proof() => return Judgement::Unproven(gave_up.to_string()),
        (_, Some(cut)) => {
            return Fault::new("the room works until it is told to stop", cut.to_string())
                .of("listening")
                .into();
        }
        (Some(open), None) => {
            return Fault::new("told to stop, the server closes every connection", open.to_string()).into();
        }
    }
    if let Some(fault) = not_handled(observation) {
        return fault.into();
    }
    if let Some(client) = residents(transcripts).find(|client| client.torn) {
        let seen = format!("the last line that {} receives has no end", client.nick);
        return Fault::new("a connection is closed after whole lines", seen).of("delivers").into();
    }
    match reaches_all_residents(transcripts) {
        Err(Fault { seen, .. }) => Fault::new(
            "what was accepted before the stop is delivered before the connections are closed",
            seen,
        )
        .of("delivers")
        .into(),
        Ok(()) if observation.code() != Some(0) => {
            Fault::new("the server exits with code 0", observation.ending().to_string()).of("exit-0").into()
        }
        Ok(()) => Judgement::Kept,
    }
}

/// Judges that the program ends by itself, also where a signal tells it to.
pub(super) fn terminates(observation: &Observation) -> Judgement {
    not_handled(observation).map_or_else(|| judges::terminates(0)(observation), Judgement::from)
}

/// That the signal by which the server was told to stop ended it, as it ends every program that does not handle it.
fn not_handled(observation: &Observation) -> Option<Fault> {
    let signals = [(Signal::TERM, "SIGTERM"), (Signal::INT, "SIGINT")];
    let Ending::Signalled(number) = *observation.ending() else { return None };
    let (_, name) = signals.into_iter().find(|(signal, _)| signal.as_raw() == number)?;
    let expected =
        format!("the server handles {name}: it delivers, closes every connection and exits with code 0");
    Some(Fault::new(expected, format!("{name} ended it: the program does not handle this signal")))
}

#[cfg(test)]
mod tests {
    use confine::run::Ending;

    use super::super::tests::{ANN, BOB, ann, bob, observed, seen, talk_of};
    use super::*;
    use crate::scripted::chat::{Because, GaveUp, Transcript, Transcripts};

    #[test]
    fn what_one_client_has_received_all_must_receive() {
        let transcripts = talk_of([ann(ANN), bob(&BOB.replace("5 MSG ann a2\n", ""))]);
        assert_eq!(seen(judge, transcripts), "bob never receives `a2` of ann, which others do");
    }

    #[test]
    fn a_connection_that_stays_open_is_a_fault() {
        let not_closed = Some(GaveUp { waiting_for: "the end of ann".into(), because: Because::Idle });
        let transcripts = Transcripts { not_closed, ..talk_of([ann(ANN), bob(BOB)]) };
        let expected = "the end of ann did not come: every thread of the server sleeps";
        assert_eq!(seen(judge, transcripts), expected);
    }

    #[test]
    fn half_a_line_at_the_end_is_a_fault() {
        let torn = Transcript { torn: true, ..bob(BOB) };
        let expected = "the last line that bob receives has no end";
        assert_eq!(seen(judge, talk_of([ann(ANN), torn])), expected);
    }

    #[test]
    fn a_signal_that_ends_the_server_is_named() {
        let mut observation = observed(talk_of([ann(ANN), bob(BOB)]));
        for (number, name) in [(15, "SIGTERM"), (2, "SIGINT")] {
            observation.ending = Some(Ending::Signalled(number));
            for judged in [judge(&observation), terminates(&observation)] {
                let Judgement::Broken(fault) = judged else { panic!("not broken: {judged:?}") };
                assert_eq!(fault.seen, format!("{name} ended it: the program does not handle this signal"));
                assert!(fault.expected.starts_with(&format!("the server handles {name}: ")));
            }
        }
        observation.ending = Some(Ending::Signalled(11));
        let Judgement::Broken(fault) = terminates(&observation) else { panic!() };
        assert_eq!(fault.seen, "signal 11 ended it");
    }

    #[test]
    fn another_exit_code_is_a_fault() {
        let mut observation = observed(talk_of([ann(ANN), bob(BOB)]));
        observation.ending = Some(Ending::Exited(1));
        assert!(matches!(judge(&observation), Judgement::Broken(_)));
    }
}
