//! Mutants that refuse a response that they must accept.

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::options::Requirement;
use passrig_authenticator::wire::{Flags, Json};

use super::{Mutant, MutantKind};
use crate::relying_party::verify::Procedure::{Derive, Verify};
use crate::relying_party::verify::{
    Evidence, StepResult, authentication, refuse, registration, shared,
};

const CLIENT_DATA: &[&str] = &["7.1/6", "7.2/9"];

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    Mutant::list(MutantKind::TooStrict, [
        (CLIENT_DATA, "fixed-order", "demands one order of the client data's members", Derive(fixed_order)),
        (CLIENT_DATA, "known-members", "refuses client data members that it does not know", Derive(known_members)),
        (CLIENT_DATA, "no-bom", "refuses a byte order mark", Derive(no_bom)),
        (&["7.1/10", "7.2/13"], "demanded", "refuses client data without crossOrigin", Verify(cross_origin_demanded)),
        (&["7.1/10", "7.2/13"], "never-framed", "refuses every frame, whatever it was told", Verify(never_framed)),
        (&["7.1/9", "7.2/12"], "own-alone", "lists related origins and refuses them", Verify(own_alone)),
        (&["7.1/15"], "demanded", "demands presence where nobody was asked for it", Verify(presence_demanded)),
        (&["7.1/3", "7.2/3"], "attachment", "refuses an authenticator that it did not hint at", Derive(attachment)),
        (&["7.1/16", "7.2/17"], "demanded", "demands verification where it is only preferred", Verify(verification_demanded)),
        (&["7.2/6a"], "handle-demanded", "demands the user handle of an account that was named", Verify(handle_demanded)),
        (&["7.1/3"], "known-transports", "refuses transports that it does not know", Derive(known_transports)),
        (&["7.1/3"], "known-extensions", "refuses extension results that it did not ask for", Derive(known_extensions_created)),
        (&["7.2/3"], "known-extensions", "refuses extension results that it did not ask for", Derive(known_extensions_used)),
    ])
}

/// The members of client data in the order of §5.8.1.1.
const MEMBERS: [&str; 5] = ["type", "challenge", "origin", "crossOrigin", "topOrigin"];

fn fixed_order(e: &mut Evidence<'_>) -> StepResult {
    shared::client_data(e)?;
    let places = names(e).into_iter().map(|name| MEMBERS.iter().position(|known| *known == name));
    if places.map(|place| place.unwrap_or(MEMBERS.len())).is_sorted() {
        Ok(())
    } else {
        refuse("the client data's members are in another order")
    }
}

fn known_members(e: &mut Evidence<'_>) -> StepResult {
    shared::client_data(e)?;
    match names(e).into_iter().find(|name| !MEMBERS.contains(&name.as_str())) {
        Some(name) => refuse(format!("the client data have a member `{name}`")),
        None => Ok(()),
    }
}

fn names(e: &Evidence<'_>) -> Vec<String> {
    match e.client_data.as_ref().map(Json::plain) {
        Some(Json::Object(members)) => members.iter().map(|(name, _)| name.clone()).collect(),
        _ => Vec::new(),
    }
}

fn no_bom(e: &mut Evidence<'_>) -> StepResult {
    shared::client_data(e)?;
    if e.client_data_json().is_some_and(|bytes| bytes.starts_with(b"\xef\xbb\xbf")) {
        refuse("the client data start with U+FEFF")
    } else {
        Ok(())
    }
}

fn cross_origin_demanded(e: &Evidence<'_>) -> StepResult {
    match &e.client_data {
        Some(data) if data.member("crossOrigin").is_none() => refuse("there is no crossOrigin"),
        _ => shared::cross_origin(e),
    }
}

fn never_framed(e: &Evidence<'_>) -> StepResult {
    match e.client_data.as_ref().and_then(|data| data.member("crossOrigin")).map(Json::plain) {
        Some(Json::Bool(true)) => refuse("the ceremony was framed"),
        _ => shared::cross_origin(e),
    }
}

fn own_alone(e: &Evidence<'_>) -> StepResult {
    match e.text("origin") {
        Some(sent) if e.config.related_origins.contains(&sent) => refuse("the origin is another"),
        _ => shared::origin(e),
    }
}

fn presence_demanded(e: &Evidence<'_>) -> StepResult {
    match &e.authenticator_data {
        Some(data) if !data.flags.has(Flags::UP) => refuse("the user was not present"),
        _ => Ok(()),
    }
}

/// What is built in is not detached.
fn attachment(e: &mut Evidence<'_>) -> StepResult {
    let transports = match e.ceremony {
        Ceremony::Registration => {
            registration::response(e)?;
            e.registration.as_ref().map(|r| r.response.transports.clone())
        }
        Ceremony::Authentication => {
            authentication::response(e)?;
            e.record().map(|(_, record)| record.transports.clone())
        }
    };
    let is_built_in = transports.is_some_and(|all| all.iter().any(|one| one == "internal"));
    match e.body.get("authenticatorAttachment").and_then(serde_json::Value::as_str) {
        Some("cross-platform") if is_built_in => refuse("another attachment was hinted at"),
        _ => Ok(()),
    }
}

fn verification_demanded(e: &Evidence<'_>) -> StepResult {
    let preferred =
        e.issued().map(|issued| issued.user_verification) == Some(Requirement::Preferred);
    match &e.authenticator_data {
        Some(data) if preferred && !data.flags.has(Flags::UV) => {
            refuse("the user was not verified")
        }
        _ => shared::user_verified(e),
    }
}

fn handle_demanded(e: &Evidence<'_>) -> StepResult {
    if e.assertion.is_some() && authentication::names_user(e) && e.user_handle().is_none() {
        refuse("there is no user handle")
    } else {
        authentication::named_user(e)
    }
}

fn known_transports(e: &mut Evidence<'_>) -> StepResult {
    const KNOWN: [&str; 6] = ["usb", "nfc", "ble", "smart-card", "hybrid", "internal"];
    registration::response(e)?;
    let transports = e.registration.iter().flat_map(|r| &r.response.transports);
    match transports.into_iter().find(|transport| !KNOWN.contains(&transport.as_str())) {
        Some(transport) => refuse(format!("the transport `{transport}` is not known")),
        None => Ok(()),
    }
}

fn known_extensions_created(e: &mut Evidence<'_>) -> StepResult {
    registration::response(e)?;
    known_extensions(e)
}

fn known_extensions_used(e: &mut Evidence<'_>) -> StepResult {
    authentication::response(e)?;
    known_extensions(e)
}

/// Those that it asks for.
fn known_extensions(e: &Evidence<'_>) -> StepResult {
    let results = match e.ceremony {
        Ceremony::Registration => e.registration.as_ref().map(|r| &r.client_extension_results),
        Ceremony::Authentication => e.assertion.as_ref().map(|a| &a.client_extension_results),
    };
    let mut names = results.into_iter().flat_map(|results| results.keys());
    let unknown =
        names.find(|name| !matches!(name.as_str(), "appid" | "appidExclude" | "credProps"));
    match unknown {
        Some(name) => refuse(format!("there are results of the extension `{name}`")),
        None => Ok(()),
    }
}
