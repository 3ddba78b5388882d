//! Hostile: makes a reference live longer than what it refers to, by a hole of the compiler: safe code that is not sound.
//! Exercise: even-odd
//! Ends: refused

static UNIT: &'static &'static () = &&();

fn longer<'a, 'b, T: ?Sized>(_: &'a &'b (), value: &'b T) -> &'a T {
    value
}

fn for_ever<'a, 'b, T: ?Sized>(value: &'a T) -> &'b T {
    let translate: for<'x> fn(_, &'x T) -> &'b T = longer;
    translate(UNIT, value)
}

fn main() {
    let text = {
        let text = String::from("freed");
        for_ever::<str>(&text)
    };
    println!("{text}");
}
