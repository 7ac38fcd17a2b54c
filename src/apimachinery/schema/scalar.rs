//! Texts with a form of their own: times, base64 and quantities, as Go's types read and write them.

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use crate::apimachinery::go;
use crate::apimachinery::json::Value;
use crate::apimachinery::quantity::Quantity;

/// Go's decoder does not mind bits after the last byte.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// A quantity in canonical form.
pub(super) fn quantity(text: &str) -> Result<Value, String> {
    Ok(Quantity::parse(text.trim())?.to_string().into())
}

/// Base64 as it will be written back.
pub(super) fn base64(text: &str) -> Result<Value, String> {
    let bare: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    match BASE64.decode(&bare) {
        Ok(bytes) => Ok(BASE64.encode(bytes).into()),
        Err(error) => {
            let at = match error {
                base64::DecodeError::InvalidByte(at, _) => at,
                // Go names the start of the last, unfinished group.
                _ => bare.len() / 4 * 4,
            };
            Err(format!("illegal base64 data at input byte {at}"))
        }
    }
}

/// The pieces of Go's RFC 3339 layout up to the seconds.
const LAYOUT: &[&str] = &["2006", "-", "01", "-", "02", "T", "15", ":", "04", ":", "05"];

/// A time in UTC, to the second or to the microsecond.
pub(super) fn time(text: &str, micro: bool) -> Result<Value, String> {
    let layout = if micro { "2006-01-02T15:04:05.000000Z07:00" } else { "2006-01-02T15:04:05Z07:00" };
    let fault = |why: String| format!("parsing time {} as {}: {why}", go::quote(text), go::quote(layout));
    let mut rest = text;
    for piece in LAYOUT {
        let (head, tail) = rest.split_at_checked(piece.len()).unwrap_or(("", rest));
        let digits = !head.is_empty() && head.bytes().all(|byte| byte.is_ascii_digit());
        let number = piece.starts_with(|c: char| c.is_ascii_digit());
        if (number && !digits) || (!number && head != *piece) {
            return Err(fault(format!("cannot parse {} as {}", go::quote(rest), go::quote(piece))));
        }
        rest = tail;
    }
    let Ok(time) = text.parse::<jiff::Timestamp>() else {
        let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
        if zone.starts_with(['Z', '+', '-']) {
            return Err(format!("parsing time {}: day out of range", go::quote(text)));
        }
        return Err(fault(format!("cannot parse {} as \"Z07:00\"", go::quote(zone))));
    };
    let form = if micro { "%Y-%m-%dT%H:%M:%S.%6fZ" } else { "%Y-%m-%dT%H:%M:%SZ" };
    Ok(time.strftime(form).to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_their_faults() {
        assert_eq!(time("2026-01-02T03:04:05+01:00", false).unwrap(), "2026-01-02T02:04:05Z");
        assert_eq!(time("2026-01-02T03:04:05.5Z", true).unwrap(), "2026-01-02T03:04:05.500000Z");
        assert_eq!(
            time("tomorrow", false).unwrap_err(),
            "parsing time \"tomorrow\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"tomorrow\" as \"2006\""
        );
        assert!(time("2026-13-02T03:04:05Z", false).is_err());
    }

    #[test]
    fn base64_faults_name_the_byte() {
        assert_eq!(base64("YWJj").unwrap(), "YWJj");
        assert_eq!(base64("YWJjZ").unwrap_err(), "illegal base64 data at input byte 4");
        assert_eq!(base64("a b=").unwrap_err(), "illegal base64 data at input byte 1");
    }
}
