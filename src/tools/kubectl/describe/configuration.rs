//! Config maps, secrets and service accounts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::events;
use super::writer::{Writer, put};
use super::{Lookup, Outcome, Settings};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{entries, field, list};

/// Describes a config map with its data.
pub(super) fn config_map(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    w.head(object, true);
    put!(w, 0, "\nData\n====\n");
    for (key, value) in entries(object, "/data") {
        put!(w, 0, "{key}:\n----\n");
        put!(w, 0, "{}\n", value.as_str().unwrap_or(""));
        put!(w, 0, "\n");
    }
    put!(w, 0, "\nBinaryData\n====\n");
    for (key, value) in entries(object, "/binaryData") {
        put!(w, 0, "{key}: {} bytes\n", decoded(value).len());
    }
    put!(w, 0, "\n");
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

/// Describes a secret, whose values only a service account's token shows.
pub(super) fn secret(object: &Value, _lookup: &mut dyn Lookup, _settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    w.head(object, true);
    put!(w, 0, "\nType:\t{}\n", field(object, "type"));
    put!(w, 0, "\nData\n====\n");
    let token = field(object, "type") == "kubernetes.io/service-account-token";
    for (key, value) in entries(object, "/data") {
        let value = decoded(value);
        if token && key == "token" {
            put!(w, 0, "{key}:\t{}\n", String::from_utf8_lossy(&value));
        } else {
            put!(w, 0, "{key}:\t{} bytes\n", value.len());
        }
    }
    Ok(w.finish())
}

fn decoded(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap_or("")).unwrap_or_default()
}

/// Describes a service account.
pub(super) fn service_account(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    w.head(object, true);
    let secrets = list(object, "/imagePullSecrets");
    if secrets.is_empty() {
        put!(w, 0, "Image pull secrets:\t<none>\n");
    }
    for (i, secret) in secrets.iter().enumerate() {
        let head = if i == 0 { "Image pull secrets:" } else { "                   " };
        put!(w, 0, "{head}\t{}\n", field(secret, "name"));
    }
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}
