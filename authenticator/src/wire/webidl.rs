//! Values of JSON as a browser converts them to the types of Web IDL (§3.2 of
//! Web IDL, over the abstract operations of ECMAScript §7.1).
//!
//! Null and lists become dictionaries without members, and almost every value
//! becomes a text or a number, which wraps around. A member that is null is not
//! missing.

use serde_json::{Map, Value};

use super::base64url::{self, Base64UrlBytes};

/// The reason why JSON cannot be converted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid options at `{path}`: {reason}")]
pub struct Error {
    /// The exception that a browser throws.
    pub kind: ErrorKind,
    /// The member at fault, such as `user.id`; `.` is the whole.
    pub path: String,
    /// The reason.
    pub reason: String,
}

/// The exceptions of a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A member is missing or of a wrong kind: `TypeError`.
    Type,
    /// A text is not base64url: `EncodingError` (§5.1.8).
    Encoding,
}

impl Error {
    fn of_type(reason: String) -> Self {
        Self { kind: ErrorKind::Type, path: ".".to_owned(), reason }
    }

    fn expected(expected: &str, found: Option<&Value>) -> Self {
        let found = match found {
            None => "nothing",
            Some(Value::Null) => "null",
            Some(Value::Bool(_)) => "a boolean",
            Some(Value::Number(_)) => "a number",
            Some(Value::String(_)) => "text",
            Some(Value::Array(_)) => "a list",
            Some(Value::Object(_)) => "an object",
        };
        Self::of_type(format!("expected {expected}, found {found}"))
    }

    /// The error with the name of the outer member or item before its path.
    pub(super) fn within(self, outer: &str) -> Self {
        let path = match self.path.as_str() {
            "." => outer.to_owned(),
            inner if inner.starts_with('[') => format!("{outer}{inner}"),
            inner => format!("{outer}.{inner}"),
        };
        Self { path, ..self }
    }
}

/// A value to convert; `None` is the undefined of JavaScript.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    value: Option<&'a Value>,
    /// True if base64url becomes bytes.
    is_decoded: bool,
}

/// Converts a dictionary whose binary members are base64url. They are decoded
/// after all members have been converted (§5.1.8), so that a `TypeError` comes
/// before an `EncodingError`.
pub(super) fn convert<'a, T>(
    value: &'a Value,
    conversion: impl Fn(Input<'a>) -> Result<T, Error>,
) -> Result<T, Error> {
    let convert = |is_decoded| conversion(Input { value: Some(value), is_decoded });
    convert(true).map_err(|error| match error.kind {
        ErrorKind::Type => error,
        ErrorKind::Encoding => convert(false).err().unwrap_or(error),
    })
}

impl<'a> Input<'a> {
    /// `DOMString`. Lone surrogates are replaced where the text is parsed.
    pub(super) fn text(self) -> Result<String, Error> {
        match self.value {
            Some(value) => text(value),
            None => Ok("undefined".to_owned()),
        }
    }

    /// `Base64URLString`, decoded.
    pub(super) fn bytes(self) -> Result<Base64UrlBytes, Error> {
        let text = self.text()?;
        if !self.is_decoded {
            return Ok(Base64UrlBytes::default());
        }
        base64url::decode_with_any_bits(&text).map(Base64UrlBytes).map_err(|error| Error {
            kind: ErrorKind::Encoding,
            path: ".".to_owned(),
            reason: format!("invalid base64url: {error}"),
        })
    }

    /// `boolean`
    pub(super) fn boolean(self) -> Result<bool, Error> {
        Ok(match self.value {
            None | Some(Value::Null) => false,
            Some(Value::Bool(value)) => *value,
            Some(Value::Number(number)) => number.as_f64() != Some(0.0),
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Array(_) | Value::Object(_)) => true,
        })
    }

    /// `unsigned long`
    pub(super) fn unsigned_long(self) -> Result<u32, Error> {
        let number = self.value.map_or(Ok(f64::NAN), number)?;
        if !number.is_finite() {
            return Ok(0);
        }
        // The remainder is exact, and below 2^32.
        Ok(number.trunc().rem_euclid(4_294_967_296.0) as u32)
    }

    /// `long`
    pub(super) fn long(self) -> Result<i32, Error> {
        self.unsigned_long().map(u32::cast_signed)
    }

    /// A dictionary.
    pub(super) fn dictionary(self) -> Result<Dictionary<'a>, Error> {
        let members = match self.value {
            None | Some(Value::Null | Value::Array(_)) => None,
            Some(Value::Object(members)) => Some(members),
            other => return Err(Error::expected("an object", other)),
        };
        Ok(Dictionary { members, is_decoded: self.is_decoded })
    }

    /// `sequence<T>`
    pub(super) fn sequence<T>(
        self,
        item: impl Fn(Input<'a>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let Some(Value::Array(items)) = self.value else {
            return Err(Error::expected("a list", self.value));
        };
        let items = items.iter().enumerate().map(|(index, value)| {
            let input = Input { value: Some(value), ..self };
            item(input).map_err(|error| error.within(&format!("[{index}]")))
        });
        items.collect()
    }

    /// `record<DOMString, T>`
    pub(super) fn record<T, C: FromIterator<(String, T)>>(
        self,
        member: impl Fn(Input<'a>) -> Result<T, Error>,
    ) -> Result<C, Error> {
        let members: Vec<(String, &Value)> = match self.value {
            Some(Value::Object(members)) => {
                members.iter().map(|(name, value)| (name.clone(), value)).collect()
            }
            // The keys of a list are its indices.
            Some(Value::Array(items)) => {
                items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
            }
            other => return Err(Error::expected("an object", other)),
        };
        let members = members.into_iter().map(|(name, value)| {
            let input = Input { value: Some(value), ..self };
            let value = member(input).map_err(|error| error.within(&name))?;
            Ok((name, value))
        });
        members.collect()
    }

    /// The members as they were sent; none for a value that is not an object.
    pub(super) fn members(self) -> Map<String, Value> {
        self.value.and_then(Value::as_object).cloned().unwrap_or_default()
    }
}

/// The members of a dictionary.
#[derive(Clone, Copy)]
pub(super) struct Dictionary<'a> {
    members: Option<&'a Map<String, Value>>,
    is_decoded: bool,
}

impl<'a> Dictionary<'a> {
    /// A member, if it is there.
    pub(super) fn optional<T>(
        self,
        name: &str,
        conversion: impl Fn(Input<'a>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let Some(value) = self.members.and_then(|members| members.get(name)) else {
            return Ok(None);
        };
        let input = Input { value: Some(value), is_decoded: self.is_decoded };
        conversion(input).map(Some).map_err(|error| error.within(name))
    }

    /// A member that must be there. `expected` is its kind.
    pub(super) fn required<T>(
        self,
        name: &str,
        expected: &str,
        conversion: impl Fn(Input<'a>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let missing = || Error::expected(expected, None).within(name);
        self.optional(name, conversion)?.ok_or_else(missing)
    }

    /// A member that is the default of its type where it is not there.
    pub(super) fn or_default<T: Default>(
        self,
        name: &str,
        conversion: impl Fn(Input<'a>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.optional(name, conversion).map(Option::unwrap_or_default)
    }
}

/// `ToString`
fn text(value: &Value) -> Result<String, Error> {
    Ok(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number_text(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => text.clone(),
        // `Array.prototype.join` leaves null out.
        Value::Array(items) => {
            let texts = items.iter().map(|item| match item {
                Value::Null => Ok(String::new()),
                other => text(other),
            });
            texts.collect::<Result<Vec<_>, _>>()?.join(",")
        }
        // A member of that name hides the method, and JSON has no functions.
        Value::Object(members) if members.contains_key("toString") => {
            let reason =
                "expected a value that has a text, found an object with a member `toString`";
            return Err(Error::of_type(reason.to_owned()));
        }
        Value::Object(_) => "[object Object]".to_owned(),
    })
}

/// `Number::toString` in base 10.
fn number_text(number: f64) -> String {
    if !number.is_finite() {
        return if number.is_nan() { "NaN" } else { "Infinity" }.to_owned();
    }
    if number == 0.0 {
        return "0".to_owned();
    }
    let sign = if number < 0.0 { "-" } else { "" };
    let shortest = format!("{:e}", number.abs());
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let digits = mantissa.replace('.', "");
    // The place of the decimal point, counted from the first digit.
    let point = exponent.parse::<i32>().unwrap_or_default() + 1;
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    let unsigned = match point {
        point if (count..=21).contains(&point) => digits + &zeros(point - count),
        point @ 1..=21 => {
            let at = usize::try_from(point).unwrap_or_default();
            let (whole, rest) = digits.split_at_checked(at).unwrap_or((&digits, ""));
            format!("{whole}.{rest}")
        }
        point @ -5..=0 => format!("0.{}{digits}", zeros(-point)),
        point => format!("{mantissa}e{:+}", point - 1),
    };
    format!("{sign}{unsigned}")
}

/// `ToNumber`
fn number(value: &Value) -> Result<f64, Error> {
    Ok(match value {
        Value::Null => 0.0,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
        Value::String(text) => number_of_text(text),
        Value::Array(_) | Value::Object(_) => number_of_text(&text(value)?),
    })
}

/// `StringToNumber`
fn number_of_text(text: &str) -> f64 {
    let is_space = |c: char| c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}');
    let text = text.trim_matches(is_space);
    let radix = match text.get(..2) {
        Some("0x" | "0X") => Some(16),
        Some("0o" | "0O") => Some(8),
        Some("0b" | "0B") => Some(2),
        _ => None,
    };
    if let (Some(radix), Some(digits)) = (radix, text.get(2..).filter(|rest| !rest.is_empty())) {
        let add = |sum: f64, c: char| Some(sum * f64::from(radix) + f64::from(c.to_digit(radix)?));
        return digits.chars().try_fold(0.0, add).unwrap_or(f64::NAN);
    }
    let is_decimal = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    match text {
        "" => 0.0,
        "Infinity" | "+Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        _ if text.chars().all(is_decimal) => text.parse().unwrap_or(f64::NAN),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of<'a, T>(value: &'a Value, conversion: impl Fn(Input<'a>) -> Result<T, Error>) -> T {
        convert(value, conversion).unwrap()
    }

    #[test]
    fn texts_are_those_of_javascript() {
        for (value, expected) in [
            ("null", "null"),
            ("60000.0", "60000"),
            ("-0.0", "0"),
            ("1e21", "1e+21"),
            ("123456789012345680000", "123456789012345680000"),
            ("1.5e300", "1.5e+300"),
            ("0.000001", "0.000001"),
            ("-1e-7", "-1e-7"),
            ("12.25", "12.25"),
            ("9007199254740993", "9007199254740992"),
            (r#"[null, [1, "a"], {}]"#, ",1,a,[object Object]"),
        ] {
            let value: Value = serde_json::from_str(value).unwrap();
            assert_eq!(of(&value, Input::text), expected, "{value}");
        }
        let hidden = convert(&json!([{"toString": null}]), Input::text).unwrap_err();
        assert_eq!(hidden.kind, ErrorKind::Type);
    }

    #[test]
    fn numbers_are_those_of_javascript() {
        for (value, unsigned, signed) in [
            ("null", 0, 0),
            ("true", 1, 1),
            ("-1", u32::MAX, -1),
            ("-7.9", 4_294_967_289, -7),
            ("4294967297", 1, 1),
            ("2147483648", 1 << 31, i32::MIN),
            ("1e300", 0, 0),
            (r#"" 60000\n""#, 60_000, 60_000),
            (r#""0x10""#, 16, 16),
            (r#""0b2""#, 0, 0),
            (r#""-0x10""#, 0, 0),
            (r#""1e3""#, 1000, 1000),
            (r#"".5e1""#, 5, 5),
            (r#""1_000""#, 0, 0),
            (r#""inf""#, 0, 0),
            (r#""""#, 0, 0),
            ("[[7]]", 7, 7),
            ("[1, 2]", 0, 0),
            ("{}", 0, 0),
        ] {
            let value: Value = serde_json::from_str(value).unwrap();
            assert_eq!(of(&value, Input::unsigned_long), unsigned, "{value}");
            assert_eq!(of(&value, Input::long), signed, "{value}");
        }
    }

    #[test]
    fn a_wrong_kind_comes_before_a_wrong_text() {
        let both = |input: Input<'_>| {
            let members = input.dictionary()?;
            members.required("a", "base64url", Input::bytes)?;
            members.required("b", "a list", |list| list.sequence(Input::text))
        };
        let kind = |value| convert(&value, both).unwrap_err().to_string();
        insta::assert_snapshot!(kind(json!({"a": "A="})), @"invalid options at `b`: expected a list, found nothing");
        insta::assert_snapshot!(kind(json!({"a": "A=", "b": []})), @"invalid options at `a`: invalid base64url: base64url in WebAuthn JSON carries no padding");
    }
}
