//! A catalogue file as it is written: families with their cases.

use std::collections::{BTreeMap, BTreeSet};

use passrig_authenticator::Ceremony;
use passrig_authenticator::deviation::Edit;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use toml::Spanned;

use super::Product;
use crate::outcome::{Expectation, Importance, Level};

/// A chapter of the catalogue.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The families, in the order in which they are reported.
    pub(super) family: Vec<Family>,
}

/// A rule, explained once, with the cases that break or exercise it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Family {
    /// The middle of each check's ID: `registration.FAMILY.CASE`.
    pub(super) id: String,
    /// The ceremonies that each case makes a check for.
    #[schemars(with = "Vec<CeremonyName>")]
    pub(super) ceremony: Vec<Ceremony>,
    /// The requirement of each ceremony, by its ID in index/requirements.toml.
    #[serde(default)]
    #[schemars(with = "PerCeremony<String>")]
    pub(super) requirement: BTreeMap<Ceremony, String>,
    /// The steps that a case violates, and no others, such as `7.1/9`.
    #[serde(default)]
    #[schemars(with = "PerCeremony<BTreeSet<String>>")]
    pub(super) violates: BTreeMap<Ceremony, BTreeSet<String>>,
    /// The steps that a case tests without violating them.
    #[serde(default)]
    #[schemars(with = "PerCeremony<BTreeSet<String>>")]
    pub(super) exercises: BTreeMap<Ceremony, BTreeSet<String>>,
    /// The clause, where the first step does not say it.
    #[serde(default)]
    #[schemars(with = "PerCeremony<String>")]
    pub(super) clause: BTreeMap<Ceremony, String>,
    /// The strength of the demand: must, should, policy or hardening.
    pub(super) level: Level,
    /// The gain of an attacker from a divergence.
    pub(super) importance: Importance,
    /// The verdict of a conformant RP.
    pub(super) expects: Expectation,
    /// Why the rule exists, for the report.
    pub(super) why: String,
    /// The fix of an RP that breaks the rule.
    pub(super) fix: String,
    /// Conditions under which a case is sent, such as `registrable-domain`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) needs: Vec<Spanned<String>>,
    /// For each ceremony, the ID of a plainer check. If the target accepts the attempt of that check, too, the finding of
    /// this check follows from it.
    #[serde(default)]
    #[schemars(with = "PerCeremony<String>")]
    pub(super) implied_by: BTreeMap<Ceremony, Spanned<String>>,
    /// The algorithm of the credential, such as `ES256`.
    #[schemars(with = "Option<String>")]
    pub(super) algorithm: Option<Spanned<String>>,
    /// The thing that is sent.
    pub(super) case: Vec<Case>,
}

/// One thing that is sent: a deviation, a scenario, or a page's behaviour. Members of the family that stand here, too,
/// replace those of the family.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// The end of the check's ID; IDs are stable and never used twice.
    #[schemars(with = "String")]
    pub(super) id: Spanned<String>,
    /// The fact that the report states, such as `client data from a page of an unrelated site`.
    pub(super) sends: String,
    /// The edits of an honest ceremony.
    #[serde(default)]
    #[schemars(with = "Vec<EditTable>")]
    pub(super) deviation: Vec<Spanned<Edit>>,
    /// The name of a scenario in Rust.
    #[schemars(with = "Option<String>")]
    pub(super) scenario: Option<Spanned<String>>,
    /// True for a check of a page in a browser.
    #[serde(default)]
    pub(super) page: bool,
    /// True if the case makes a second check whose `Origin` header equals the false origin.
    #[serde(default)]
    pub(super) lying_header: bool,
    // Stands twice: serde refuses unknown keys only in a struct without flattened parts.
    #[schemars(with = "Option<Vec<CeremonyName>>")]
    pub(super) ceremony: Option<Vec<Ceremony>>,
    #[serde(default)]
    #[schemars(with = "PerCeremony<String>")]
    pub(super) requirement: BTreeMap<Ceremony, String>,
    #[serde(default)]
    #[schemars(with = "PerCeremony<BTreeSet<String>>")]
    pub(super) violates: BTreeMap<Ceremony, BTreeSet<String>>,
    #[serde(default)]
    #[schemars(with = "PerCeremony<BTreeSet<String>>")]
    pub(super) exercises: BTreeMap<Ceremony, BTreeSet<String>>,
    #[serde(default)]
    #[schemars(with = "PerCeremony<String>")]
    pub(super) clause: BTreeMap<Ceremony, String>,
    pub(super) level: Option<Level>,
    pub(super) importance: Option<Importance>,
    /// The importance where a probe sees that the owner of the credential is signed in, and no other account.
    pub(super) importance_for_owner: Option<Importance>,
    #[serde(default)]
    #[schemars(with = "PerCeremony<String>")]
    pub(super) implied_by: BTreeMap<Ceremony, Spanned<String>>,
    pub(super) why: Option<String>,
    pub(super) fix: Option<String>,
    /// Added to those of the family.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) needs: Vec<Spanned<String>>,
    /// The kind of authenticator that performs the ceremony.
    #[serde(default)]
    pub(super) authenticator: Product,
    #[schemars(with = "Option<String>")]
    pub(super) algorithm: Option<Spanned<String>>,
    /// True for a race: it runs alone, several times.
    #[serde(default)]
    pub(super) exclusive: bool,
    /// True if the account may be of no use once the RP accepts.
    #[serde(default)]
    pub(super) spoils: bool,
    /// True if the check lets time pass (`--expiry`).
    #[serde(default)]
    pub(super) waits: bool,
    /// True if the check times answers (`--timing`).
    #[serde(default)]
    pub(super) times: bool,
}

/// For the schema: a ceremony by its name.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "the type only describes")]
enum CeremonyName {
    Registration,
    Authentication,
}

/// For the schema: a value for each ceremony.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the type only describes")]
struct PerCeremony<T> {
    registration: Option<T>,
    authentication: Option<T>,
}

/// For the schema: a path, and one operation on the part of the ceremony that it names.
struct EditTable;

impl JsonSchema for EditTable {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Edit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A path, and one operation on what it names.",
            "properties": {
                "at": { "type": "string", "description": "The path, such as client_data.origin.host." },
                "set": {}, "append": {}, "prepend": {}, "duplicate": {},
                "rename": { "type": "string" },
                "encode": { "type": "string" },
                "truncate": { "type": "integer" },
                "remove": { "const": true }, "reorder": { "const": true }, "flip": { "const": true },
            },
            "required": ["at"],
            "minProperties": 2,
            "maxProperties": 2,
            "additionalProperties": false,
        })
    }
}
