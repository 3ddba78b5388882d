use proptest::prelude::*;

use super::*;

fn holds(text: &str) -> Result<bool, String> {
    let values = |name: &str| match name {
        "n" => Some(6),
        "m" => Some(3),
        _ => None,
    };
    Condition::parse(text)?.holds(values)
}

#[test]
fn conditions_are_calculated_as_everybody_does() {
    for right in [
        "n == 2 * m",
        "n==2*m and m > 0",
        "1 + 2 * 3 == 7",
        "(1 + 2) * 3 == 9",
        "10 - 3 - 2 == 5",
        "100 / 10 / 5 == 2",
        "-n + 7 == 1",
        "-7 / 2 == -3 and -7 % 2 == -1",
        "n % 4 != 0",
        "n >= 6 and n <= 6",
        "n - -1 == 7",
    ] {
        assert_eq!(holds(right), Ok(true), "{right}");
    }
    for wrong in ["n == m", "n < 6", "n > 6", "n != 6", "m == 3 and n == 5"] {
        assert_eq!(holds(wrong), Ok(false), "{wrong}");
    }
}

#[test]
fn what_is_no_condition_is_said_with_its_place() {
    let reason = |text: &str| Condition::parse(text).unwrap_err();
    assert_eq!(reason("n = 1"), "the condition `n = 1`: one of == != < <= > >= is expected before `= 1`");
    assert!(reason("n == ").contains("a number, a name or a `(` is expected at its end"));
    assert!(reason("n == 1 or m == 2").contains("`and` or the end is expected before `or m == 2`"));
    assert!(reason("(n == 1)").contains("a `)` is expected before `== 1)`"));
    assert!(reason("n == 99999999999999999999").contains("no integer of 64 bits"));
    assert!(reason("1 < 2 < 3").contains("`and` or the end"));
    assert!(reason("").contains("at its end"));
    assert!(reason(&"(".repeat(LONGEST)).contains("at its end"));
    assert!(reason(&"(".repeat(LONGEST + 1)).contains("at most"));
}

#[test]
fn what_cannot_be_calculated_is_said() {
    assert_eq!(holds("n / (m - 3) == 1").unwrap_err(), "a division by 0");
    assert_eq!(holds("n % 0 == 1").unwrap_err(), "a division by 0");
    assert_eq!(holds("9223372036854775807 + 1 > 0").unwrap_err(), "a number is too large");
    assert_eq!(holds("k == 1").unwrap_err(), "`k` is no number");
    assert_eq!(Condition::parse("n + m == k * n").unwrap().names(), ["n", "m", "k", "n"]);
}

/// Something to calculate, with all its parentheses.
fn sum() -> impl Strategy<Value = Sum> {
    let number = (0..20i64).prop_map(Sum::Number);
    let name = "[a-c]".prop_map(Sum::Name);
    prop_oneof![number, name].prop_recursive(4, 12, 2, |inner| {
        let operator = prop::sample::select(vec![
            Operator::Plus,
            Operator::Minus,
            Operator::Times,
            Operator::Over,
            Operator::Modulo,
        ]);
        prop_oneof![
            inner.clone().prop_map(|sum| Sum::Negative(Box::new(sum))),
            (inner.clone(), operator, inner).prop_map(|(left, operator, right)| Sum::Operation(
                Box::new(left),
                operator,
                Box::new(right)
            )),
        ]
    })
}

fn written(sum: &Sum) -> String {
    match sum {
        Sum::Number(number) => number.to_string(),
        Sum::Name(name) => name.clone(),
        Sum::Negative(sum) => format!("-({})", written(sum)),
        Sum::Operation(left, operator, right) => {
            let sign = match operator {
                Operator::Plus => "+",
                Operator::Minus => "-",
                Operator::Times => "*",
                Operator::Over => "/",
                Operator::Modulo => "%",
            };
            format!("({}) {sign} ({})", written(left), written(right))
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[a-cn0-9 ()=<>!+*/%é-]{0,30}|(and|n|==|1| ){0,12}") {
        if let Ok(condition) = Condition::parse(&text) {
            let _ = condition.holds(|_| Some(i64::MIN));
        }
    }

    #[test]
    fn what_is_written_is_read_again(left in sum(), right in sum()) {
        let text = format!("{} <= {}", written(&left), written(&right));
        prop_assume!(text.len() <= LONGEST);
        let read = Condition::parse(&text).unwrap();
        let comparison = Comparison { left, relation: Relation::LessOrEqual, right };
        prop_assert_eq!(read.comparisons, vec![comparison]);
    }

    /// Without parentheses, products come before sums, and each from the left.
    #[test]
    fn operators_bind_as_in_arithmetic(a in 0..99i64, b in 0..99i64, c in 1..99i64, d in 0..99i64) {
        let condition = Condition::parse("a - b * d / c % 7 - d == x").unwrap();
        let value = |name: &str| Some(match name { "a" => a, "b" => b, "c" => c, "d" => d, _ => a - b * d / c % 7 - d });
        prop_assert_eq!(condition.holds(value), Ok(true));
    }
}
