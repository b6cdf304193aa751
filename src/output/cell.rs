//! One table cell as text: short for reading, exact for files.

use std::fmt::Write as _;

use polars::prelude::{AnyValue, Series};

/// How many elements of a list a table shows.
const LIST_HEAD: usize = 3;

/// A number with four significant digits: `0.4513`, `12.30`, `1.500e-7`. Whole digits are never rounded away, and a
/// whole number has no others: `160`.
#[must_use]
pub fn four_digits(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    if !value.is_finite() {
        return if value.is_nan() {
            "nan".into()
        } else if value > 0.0 {
            "inf".into()
        } else {
            "-inf".into()
        };
    }
    if value.fract() == 0.0 && value.abs() < 1e9 {
        return format!("{value:.0}");
    }
    let scientific = format!("{value:.3e}");
    // The exponent after rounding: 0.99996 reads 1.000, not 1.0000.
    let exponent: i32 = scientific
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .expect("Rust writes an exponent for {:e}");
    if (-4..9).contains(&exponent) {
        let decimals = usize::try_from(3 - exponent).unwrap_or(0);
        format!("{value:.decimals$}")
    } else {
        scientific
    }
}

/// The cell as a person reads it in a table; `None` for null.
#[must_use]
pub fn short(value: &AnyValue) -> Option<String> {
    match value {
        AnyValue::Null => None,
        AnyValue::Float32(x) => Some(four_digits(f64::from(*x))),
        AnyValue::Float64(x) => Some(four_digits(*x)),
        AnyValue::List(items) | AnyValue::Array(items, _) => Some(short_list(items)),
        AnyValue::Binary(bytes) => Some(format!("{} bytes", bytes.len())),
        AnyValue::BinaryOwned(bytes) => Some(format!("{} bytes", bytes.len())),
        other => exact(other),
    }
}

fn short_list(items: &Series) -> String {
    let mut out = String::from("[");
    for (at, item) in items.iter().take(LIST_HEAD).enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        out.push_str(&short(&item).unwrap_or_else(|| "null".into()));
    }
    if items.len() > LIST_HEAD {
        write!(out, ", … {} in all", items.len()).expect("writing to a string does not fail");
    }
    out.push(']');
    out
}

/// The cell without loss, as csv and tsv carry it: the shortest digits that read back as the same number, lists and
/// structs as JSON; `None` for null.
#[must_use]
pub fn exact(value: &AnyValue) -> Option<String> {
    match value {
        AnyValue::Null => None,
        AnyValue::String(text) => Some((*text).to_owned()),
        AnyValue::StringOwned(text) => Some(text.to_string()),
        AnyValue::Boolean(yes) => Some(yes.to_string()),
        AnyValue::Float32(x) => Some(x.to_string()),
        AnyValue::Float64(x) => Some(x.to_string()),
        AnyValue::List(_)
        | AnyValue::Array(..)
        | AnyValue::Struct(..)
        | AnyValue::StructOwned(_)
        | AnyValue::Binary(_)
        | AnyValue::BinaryOwned(_) => Some(json(value).to_string()),
        other => Some(other.to_string()),
    }
}

/// The cell as JSON. Not-a-number and infinities, which JSON lacks, become null.
#[must_use]
pub fn json(value: &AnyValue) -> serde_json::Value {
    use serde_json::Value;
    match value {
        AnyValue::Null => Value::Null,
        AnyValue::Boolean(yes) => Value::Bool(*yes),
        AnyValue::UInt8(n) => Value::from(*n),
        AnyValue::UInt16(n) => Value::from(*n),
        AnyValue::UInt32(n) => Value::from(*n),
        AnyValue::UInt64(n) => Value::from(*n),
        AnyValue::Int8(n) => Value::from(*n),
        AnyValue::Int16(n) => Value::from(*n),
        AnyValue::Int32(n) => Value::from(*n),
        AnyValue::Int64(n) => Value::from(*n),
        // 0.1f32 is 0.1 in JSON, not 0.10000000149011612: its shortest digits, read as a double.
        AnyValue::Float32(x) => Value::from(x.to_string().parse::<f64>().unwrap_or(f64::NAN)),
        AnyValue::Float64(x) => Value::from(*x),
        AnyValue::List(items) | AnyValue::Array(items, _) => {
            items.iter().map(|item| json(&item)).collect()
        }
        AnyValue::Struct(_, _, fields) => {
            let values = value._iter_struct_av();
            object(fields.iter().map(|field| field.name.as_str()), values)
        }
        AnyValue::StructOwned(parts) => object(
            parts.1.iter().map(|field| field.name.as_str()),
            parts.0.iter().cloned(),
        ),
        AnyValue::Binary(bytes) => Value::from(hex(bytes)),
        AnyValue::BinaryOwned(bytes) => Value::from(hex(bytes)),
        other => Value::from(exact(other)),
    }
}

fn object<'a, 'v>(
    names: impl Iterator<Item = &'a str>,
    values: impl Iterator<Item = AnyValue<'v>>,
) -> serde_json::Value {
    names
        .zip(values)
        .map(|(name, value)| (name.to_owned(), json(&value)))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("writing to a string does not fail");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::NamedFrom;

    #[test]
    fn four_significant_digits_after_rounding() {
        for (value, text) in [
            (0.451_29, "0.4513"),
            (0.999_96, "1.000"),
            (-12.3, "-12.30"),
            (1234.56, "1235"),
            (160.0, "160"),
            (-1.0, "-1"),
            (123_456.7, "123457"),
            (0.000_151_26, "0.0001513"),
            (0.000_012_346, "1.235e-5"),
            (2.5e9, "2.500e9"),
            (0.0, "0"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(four_digits(value), text);
        }
    }

    #[test]
    fn exact_text_reads_back_as_the_same_float() {
        for x in [0.1f32, 1.0 / 3.0, 1e-30, 16_777_216.0, f32::MIN_POSITIVE] {
            let text = exact(&AnyValue::Float32(x)).unwrap();
            assert_eq!(text.parse::<f32>().unwrap(), x);
            let number = json(&AnyValue::Float32(x)).as_f64().unwrap();
            assert_eq!(number as f32, x);
        }
        assert_eq!(json(&AnyValue::Float32(0.1)).to_string(), "0.1");
        assert_eq!(json(&AnyValue::Float64(f64::NAN)).to_string(), "null");
    }

    #[test]
    fn lists_are_short_in_tables_and_whole_in_files() {
        let items = Series::new("".into(), [0.5f32, 0.25, 0.125, 1.0]);
        let list = AnyValue::List(items);
        assert_eq!(
            short(&list).unwrap(),
            "[0.5000, 0.2500, 0.1250, … 4 in all]"
        );
        assert_eq!(exact(&list).unwrap(), "[0.5,0.25,0.125,1.0]");
    }
}
