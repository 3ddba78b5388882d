//! How values become bytes, and bytes values.
//!
//! What a struct or an enum holds is listed once, in one of the macros below, and each becomes
//! a [`Field`]: so the two directions and the size cannot disagree. Nothing allocates, and no bytes make
//! anything panic.

use core::mem;

/// A value that takes the same number of bytes whatever it is.
pub(super) trait Field: Sized {
    /// How many bytes.
    const SIZE: usize;

    /// Writes it to the front of `room`, and leaves the rest. There is room, as sizes are sums of sizes.
    fn put(&self, room: &mut &mut [u8]);

    /// Reads it from the front of `bytes`, and leaves the rest; `None` where it is none.
    fn take(bytes: &mut &[u8]) -> Option<Self>;
}

/// Makes fields of number types.
macro_rules! numbers {
    ($($number:ty),+) => {$(
        impl Field for $number {
            const SIZE: usize = size_of::<Self>();

            fn put(&self, room: &mut &mut [u8]) {
                if let Some((front, rest)) = mem::take(room).split_first_chunk_mut() {
                    *front = self.to_le_bytes();
                    *room = rest;
                }
            }

            fn take(bytes: &mut &[u8]) -> Option<Self> {
                let (front, rest) = bytes.split_first_chunk()?;
                *bytes = rest;
                Some(Self::from_le_bytes(*front))
            }
        }
    )+};
}

numbers!(u8, i32, u32, u64);

impl Field for bool {
    const SIZE: usize = 1;

    fn put(&self, room: &mut &mut [u8]) {
        u8::from(*self).put(room);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        match u8::take(bytes)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl<T: Field + Copy + Default> Field for Option<T> {
    const SIZE: usize = bool::SIZE + T::SIZE;

    fn put(&self, room: &mut &mut [u8]) {
        self.is_some().put(room);
        self.unwrap_or_default().put(room);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let is_there = bool::take(bytes)?;
        let value = T::take(bytes)?;
        Some(is_there.then_some(value))
    }
}

impl<T: Field + Copy + Default, const COUNT: usize> Field for [T; COUNT] {
    const SIZE: usize = COUNT * T::SIZE;

    fn put(&self, room: &mut &mut [u8]) {
        self.iter().for_each(|value| value.put(room));
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let mut values = [T::default(); COUNT];
        for value in &mut values {
            *value = T::take(bytes)?;
        }
        Some(values)
    }
}

/// Defines an enum whose variants are numbered from 0, in the order in which they are listed.
macro_rules! numbered {
    (
        $(#[$about:meta])*
        pub enum $name:ident {
            $($(#[$about_variant:meta])* $variant:ident,)+
        }
    ) => {
        $(#[$about])*
        #[repr(u8)]
        pub enum $name {
            $($(#[$about_variant])* $variant,)+
        }

        impl $name {
            /// All, each at the place that its number says.
            pub(super) const ALL: &[Self] = &[$(Self::$variant),+];

            /// The one with this number.
            pub fn from_number(number: u8) -> Option<Self> {
                Self::ALL.get(usize::from(number)).copied()
            }
        }

        impl Field for $name {
            const SIZE: usize = 1;

            fn put(&self, room: &mut &mut [u8]) {
                (*self as u8).put(room);
            }

            fn take(bytes: &mut &[u8]) -> Option<Self> {
                Self::from_number(u8::take(bytes)?)
            }
        }
    };
}

/// Makes a field of an enum that is defined elsewhere and whose variants may hold values: the number of
/// the variant, then what it holds, in room for what all of them hold.
macro_rules! variants {
    ($name:ident { $($number:literal: $variant:ident { $($held:ident: $kind:ty),* },)+ }) => {
        impl Field for $name {
            const SIZE: usize = 1 $($(+ <$kind as Field>::SIZE)*)+;

            fn put(&self, room: &mut &mut [u8]) {
                let mut room = room.split_off_mut(..Self::SIZE).unwrap_or_default();
                match self {
                    $(Self::$variant { $($held),* } => {
                        <u8 as Field>::put(&$number, &mut room);
                        $($held.put(&mut room);)*
                    })+
                }
            }

            fn take(bytes: &mut &[u8]) -> Option<Self> {
                let mut bytes = bytes.split_off(..Self::SIZE)?;
                match u8::take(&mut bytes)? {
                    $($number => Some(Self::$variant { $($held: Field::take(&mut bytes)?),* }),)+
                    _ => None,
                }
            }
        }
    };
}

/// Defines a struct whose bytes are those of its fields, in the order in which they are listed. With
/// `after WORD` that word comes first, and bytes that start with another are refused.
macro_rules! message {
    (
        $(#[$about:meta])*
        pub struct $name:ident $(after $word:ident)? {
            $($(#[$about_field:meta])* pub $field:ident: $kind:ty,)+
        }
    ) => {
        $(#[$about])*
        pub struct $name {
            $($(#[$about_field])* pub $field: $kind,)+
        }

        impl $name {
            /// How many bytes it is encoded in.
            pub const SIZE: usize = <Self as Field>::SIZE;

            /// The bytes to send.
            pub fn encode(&self) -> [u8; Self::SIZE] {
                let mut bytes = [0; Self::SIZE];
                self.put(&mut &mut bytes[..]);
                bytes
            }

            /// What `bytes` stand for; `None` where they are not what [`Self::encode`] makes.
            pub fn decode(bytes: &[u8; Self::SIZE]) -> Option<Self> {
                Field::take(&mut &bytes[..])
            }
        }

        impl Field for $name {
            const SIZE: usize = 0 $(+ size_of_val(&$word))? $(+ <$kind as Field>::SIZE)+;

            fn put(&self, room: &mut &mut [u8]) {
                $($word.put(room);)?
                $(self.$field.put(room);)+
            }

            fn take(bytes: &mut &[u8]) -> Option<Self> {
                $(u32::take(bytes).filter(|&word| word == $word)?;)?
                Some(Self { $($field: Field::take(bytes)?),+ })
            }
        }
    };
}

pub(super) use {message, numbered, variants};
