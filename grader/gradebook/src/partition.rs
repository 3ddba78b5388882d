//! Sharing a class over several machines: each grades one part, `merge` puts the parts together.

use std::fmt;
use std::str::FromStr;

use hmac_sha256::Hash;

/// One of `count` parts; every submission is in exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    kind: Kind,
    /// From 1.
    part: u64,
    count: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// By place in the sorted list: parts of equal size, but a new submission moves others.
    Slice,
    /// By the student's name alone: a student stays in a part, whoever else hands in.
    Hash,
}

/// What is no partition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a partition is slice:K/N or hash:K/N with K from 1 to N")]
pub struct PartitionError;

impl Partition {
    /// Whether the submission of `student`, at `place` of the sorted list, is in this part.
    pub fn contains(self, place: usize, student: &str) -> bool {
        let number = match self.kind {
            Kind::Slice => place as u64,
            Kind::Hash => hash(student),
        };
        number % self.count == self.part - 1
    }
}

/// The same on every machine and in every version.
fn hash(student: &str) -> u64 {
    let digest = Hash::hash(student.as_bytes());
    digest.iter().take(8).fold(0, |number, &byte| number << 8 | u64::from(byte))
}

impl FromStr for Partition {
    type Err = PartitionError;

    fn from_str(text: &str) -> Result<Self, PartitionError> {
        let (kind, parts) = text.split_once(':').ok_or(PartitionError)?;
        let kind = match kind {
            "slice" => Kind::Slice,
            "hash" => Kind::Hash,
            _ => return Err(PartitionError),
        };
        let (part, count) = parts.split_once('/').ok_or(PartitionError)?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| PartitionError);
        let (part, count) = (number(part)?, number(count)?);
        if part == 0 || part > count {
            return Err(PartitionError);
        }
        Ok(Self { kind, part, count })
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.kind == Kind::Slice { "slice" } else { "hash" };
        write!(f, "{kind}:{}/{}", self.part, self.count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_partition_is_refused() {
        for text in
            ["", "slice", "slice:", "slice:1", "slice:0/2", "slice:3/2", "hash:1/0", "round:1/2", "hash:-1/2"]
        {
            assert_eq!(text.parse::<Partition>(), Err(PartitionError), "{text}");
        }
    }

    #[test]
    fn slices_differ_by_at_most_one_submission() {
        let size = |part: u64| {
            let partition: Partition = format!("slice:{part}/3").parse().unwrap();
            (0..10).filter(|&place| partition.contains(place, "")).count()
        };
        assert_eq!([size(1), size(2), size(3)], [4, 3, 3]);
    }

    proptest! {
        #[test]
        fn every_submission_is_in_exactly_one_part(
            students in prop::collection::vec(".{0,12}", 0..40),
            count in 1u64..20,
            kind in prop::sample::select(vec!["slice", "hash"]),
        ) {
            let parts: Vec<Partition> =
                (1..=count).map(|part| format!("{kind}:{part}/{count}").parse().unwrap()).collect();
            for (place, student) in students.iter().enumerate() {
                let holders = parts.iter().filter(|part| part.contains(place, student)).count();
                prop_assert_eq!(holders, 1);
            }
        }

        #[test]
        fn a_partition_is_read_as_it_is_written(part in 1u64..1000, more in 0u64..1000, slice: bool) {
            let kind = if slice { "slice" } else { "hash" };
            let text = format!("{kind}:{part}/{}", part + more);
            prop_assert_eq!(text.parse::<Partition>().unwrap().to_string(), text);
        }

        #[test]
        fn any_text_is_a_partition_or_an_error(text in ".{0,20}") {
            let _ = text.parse::<Partition>();
        }
    }
}
