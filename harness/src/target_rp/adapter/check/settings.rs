//! Settings and accounts.

use std::collections::BTreeMap;

use crate::toml_file::Spanned;

use super::super::document;
use super::super::{AccountMode, Accounts, AdapterFault, SettingValues, Settings};
use super::{ACCOUNT, At, Checked};

const USER_VERIFICATION: [&str; 3] = ["required", "preferred", "discouraged"];
const ATTESTATION: [&str; 4] = ["none", "indirect", "direct", "enterprise"];
const LOGIN: [&str; 2] = ["username", "discoverable"];
const ALGORITHMS: [&str; 1] = ["every"];
const MEDIATION: [&str; 2] = ["optional", "conditional"];
const FRAMING: [&str; 2] = ["none", "expected"];

pub(super) fn settings(written: &document::SettingsTable) -> Checked<Settings> {
    let user_verification = written.user_verification.as_ref();
    let attestation = written.attestation.as_ref();
    let login = written.login.as_ref();
    Ok(Settings {
        user_verification: setting("user_verification", user_verification, &USER_VERIFICATION)?,
        attestation: setting("attestation", attestation, &ATTESTATION)?,
        login: setting("login", login, &LOGIN)?,
        algorithms: setting("algorithms", written.algorithms.as_ref(), &ALGORITHMS)?,
        mediation: setting("mediation", written.mediation.as_ref(), &MEDIATION)?,
        framing: setting("framing", written.framing.as_ref(), &FRAMING)?,
    })
}

fn setting(
    name: &'static str,
    written: Option<&Spanned<document::SettingTable>>,
    known: &[&str],
) -> Checked<SettingValues> {
    let Some(spanned) = written else { return Ok(SettingValues::Observed) };
    let value = |value: &Spanned<String>| {
        let found = value.get_ref().clone();
        if known.contains(&found.as_str()) {
            return Ok(found);
        }
        let known = known.iter().map(|known| (*known).to_owned()).collect();
        Err(At(AdapterFault::SettingValue { setting: name, found, known }, value.span()))
    };
    match (&spanned.get_ref().choose, &spanned.get_ref().fixed) {
        (Some(values), None) if !values.is_empty() => {
            Ok(SettingValues::Choose(values.iter().map(value).collect::<Checked<_>>()?))
        }
        (None, Some(fixed)) => Ok(SettingValues::Fixed(value(fixed)?)),
        _ => Err(At(AdapterFault::SettingForm, spanned.span())),
    }
}

pub(super) fn account(spanned: &Spanned<document::AccountTable>) -> Checked<Accounts> {
    let written = spanned.get_ref();
    let fault = match (written.mode, written.pool.len()) {
        (AccountMode::Pool, 0) => Some("a pool has at least one account"),
        (AccountMode::Fresh, 1..) => Some("fresh accounts are made, not listed"),
        (AccountMode::Single, 2..) => Some("`single` means one account"),
        _ => None,
    };
    if let Some(text) = fault {
        return Err(At(AdapterFault::Accounts(text), spanned.span()));
    }
    let mut pool = Vec::new();
    for account in &written.pool {
        let mut inputs = BTreeMap::new();
        for (name, value) in account {
            if !ACCOUNT.contains(&name.get_ref().as_str()) {
                let known = ACCOUNT.map(str::to_owned).to_vec();
                let found = name.get_ref().clone();
                return Err(At(AdapterFault::UnknownKey { name: found, known }, name.span()));
            }
            inputs.insert(name.get_ref().clone(), value.clone());
        }
        pool.push(inputs);
    }
    Ok(Accounts { mode: written.mode, max_credentials: written.max_credentials, pool })
}
