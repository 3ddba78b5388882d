use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::policy::Kind;

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::RandomWalk),
        Just(Kind::Pos),
        any::<(u8, u32)>().prop_map(|(depth, length)| Kind::Pct { depth, length }),
        Just(Kind::Sticky),
        Just(Kind::Straight),
        any::<u8>().prop_map(|thread| Kind::Starve { thread }),
    ]
}

fn requests() -> impl Strategy<Value = Request> {
    let kinds = (kinds(), select(Staleness::ALL));
    (any::<u64>(), kinds, any::<[bool; 7]>(), any::<[u32; 4]>(), any::<Option<u32>>()).prop_map(
        |(seed, (policy, staleness), switches, [patience, budget, replayed, raised], writes)| {
            let [start_gate, spurious_wakes, busy_machine, real_sleep, trace, lenient, keeps_to_itself] =
                switches;
            Request {
                seed,
                policy,
                start_gate,
                spurious_wakes,
                busy_machine,
                real_sleep,
                trace,
                lenient,
                keeps_to_itself,
                patience,
                staleness,
                writes,
                budget,
                replayed,
                raised,
            }
        },
    )
}

fn headers() -> impl Strategy<Value = Header> {
    let counts = any::<(u8, [u32; 6], [u64; 2])>();
    (any::<i32>(), select(Finish::ALL), counts, any::<[bool; 4]>(), any::<Option<u32>>()).prop_map(
        |(status, finish, counts, [outside, polls_outside, varies, leaked], call)| {
            let (threads, [steps, atomics, output, sent_steps, events, processor], [hash, base]) = counts;
            Header {
                status,
                finish,
                threads,
                steps,
                hash,
                base,
                atomics,
                output,
                sent_steps,
                events,
                processor,
                outside,
                polls_outside,
                varies,
                call,
                leaked,
            }
        },
    )
}

fn events() -> impl Strategy<Value = Event> {
    let kinds = (select(Operation::ALL), select(MemoryOrder::ALL));
    (any::<(u32, [u8; 2], [u64; 2])>(), kinds, any::<[u64; FRAMES]>()).prop_map(
        |((step, [thread, age], [object, value]), (operation, order), frames)| Event {
            step,
            thread,
            operation,
            object,
            value,
            order,
            age,
            frames,
        },
    )
}

fn thread_records() -> impl Strategy<Value = ThreadRecord> {
    (any::<[bool; 2]>(), events(), any::<[u8; 16]>())
        .prop_map(|([ended, runnable], last, name)| ThreadRecord { ended, runnable, last, name })
}

/// Bytes that do not always end at the first word.
fn opened<const SIZE: usize>() -> impl Strategy<Value = [u8; SIZE]> {
    any::<([u8; SIZE], bool)>().prop_map(|(mut bytes, opens)| {
        if opens {
            bytes[..4].copy_from_slice(&MAGIC.to_le_bytes());
        }
        bytes
    })
}

proptest! {
    #[test]
    fn a_request_survives_the_socket(request in requests()) {
        prop_assert_eq!(Request::decode(&request.encode()), Some(request));
    }

    #[test]
    fn a_header_survives_the_socket(header in headers()) {
        prop_assert_eq!(Header::decode(&header.encode()), Some(header));
    }

    #[test]
    fn an_event_survives_the_socket(event in events()) {
        prop_assert_eq!(Event::decode(&event.encode()), Some(event));
    }

    #[test]
    fn a_thread_record_survives_the_socket(record in thread_records()) {
        prop_assert_eq!(ThreadRecord::decode(&record.encode()), Some(record));
    }

    #[test]
    fn all_bytes_are_the_head_of_an_output(bytes in any::<[u8; OutputHead::SIZE]>()) {
        prop_assert_eq!(OutputHead::decode(&bytes).map(|head| head.encode()), Some(bytes));
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(
        request in opened(), header in opened(), event in any::<[u8; _]>(), record in any::<[u8; _]>()
    ) {
        let _ = (Request::decode(&request), Header::decode(&header));
        let _ = (Event::decode(&event), ThreadRecord::decode(&record));
    }

    #[test]
    fn a_changed_byte_is_seen(record in thread_records(), place in any::<Index>(), byte in any::<u8>()) {
        let mut bytes = record.encode();
        bytes[place.index(ThreadRecord::SIZE)] = byte;
        prop_assert!(ThreadRecord::decode(&bytes).is_none_or(|record| record.encode() == bytes));
    }

    #[test]
    fn another_first_word_is_refused(request in requests(), header in headers(), word in any::<u32>()) {
        prop_assume!(word != MAGIC);
        let (mut request, mut header) = (request.encode(), header.encode());
        for message in [&mut request[..], &mut header[..]] {
            prop_assert_eq!(&message[..4], &MAGIC.to_le_bytes());
            message[..4].copy_from_slice(&word.to_le_bytes());
        }
        prop_assert_eq!((Request::decode(&request), Header::decode(&header)), (None, None));
    }
}

#[test]
fn the_numbers_of_enums_are_dense_and_lead_back() {
    for number in 0..=u8::MAX {
        let below = |all: usize| (usize::from(number) < all).then_some(number);
        let finish = Finish::from_number(number).map(|finish| finish as u8);
        let operation = Operation::from_number(number).map(|operation| operation as u8);
        assert_eq!((finish, operation), (below(Finish::ALL.len()), below(Operation::ALL.len())));
    }
}

#[test]
fn what_starts_as_zeroed_memory_has_no_operation() {
    assert_eq!(Operation::from_number(0), Some(Operation::default()));
    assert_eq!(ThreadRecord::default().encode(), [0; ThreadRecord::SIZE]);
}
