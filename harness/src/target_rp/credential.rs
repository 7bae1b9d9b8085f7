//! The changes of form that an adapter makes to a credential.

use passrig_authenticator::wire::base64url::{self, Variant};
use passrig_authenticator::wire::cbor::Item;
use passrig_authenticator::wire::{Cbor, Json};

use super::adapter::{Binary, CredentialEdit, MemberChange};

/// The members whose text stands for bytes; `id` stays as it is, a text.
const BINARY: [&str; 6] = [
    "rawId",
    "clientDataJSON",
    "attestationObject",
    "authenticatorData",
    "signature",
    "userHandle",
];

/// The credential in the form that the relying party demands. A member that a
/// deviation took away stays away, and one that it doubled is changed twice.
pub(super) fn shaped(credential: &Json, edits: &[CredentialEdit]) -> Json {
    let mut shaped = credential.clone();
    for edit in edits {
        apply(&mut shaped, &edit.path, &edit.change);
    }
    shaped
}

fn apply(json: &mut Json, path: &[String], change: &MemberChange) {
    let Some((name, rest)) = path.split_first() else {
        if let MemberChange::Binary(binary) = change {
            rewrite(json, *binary);
        }
        return;
    };
    let Some(members) = members(json) else { return };
    if !rest.is_empty() {
        let below = members.iter_mut().filter(|(member, _)| member == name);
        return below.for_each(|(_, value)| apply(value, rest, change));
    }
    match change {
        MemberChange::Drop => members.retain(|(member, _)| member != name),
        MemberChange::Rename(new) => {
            let found = members.iter_mut().filter(|(member, _)| member == name);
            found.for_each(|(member, _)| member.clone_from(new));
        }
        MemberChange::Set(value) => {
            let mut found = members.iter_mut().filter(|(member, _)| member == name).peekable();
            if found.peek().is_some() {
                found.for_each(|(_, old)| old.clone_from(value));
            } else {
                members.push((name.clone(), value.clone()));
            }
        }
        MemberChange::Stringify => {
            for (_, value) in members.iter_mut().filter(|(member, _)| member == name) {
                *value = Json::text(String::from_utf8_lossy(&value.render()));
            }
        }
        MemberChange::Binary(binary) => {
            for (_, value) in members.iter_mut().filter(|(member, _)| member == name) {
                rewrite(value, *binary);
            }
        }
    }
}

/// Writes bytes in another form. A text that a deviation made unreadable stays as it is.
fn rewrite(json: &mut Json, binary: Binary) {
    for (name, value) in members(json).into_iter().flatten() {
        if BINARY.contains(&name.as_str()) {
            let octets = value.as_text().and_then(|text| base64url::decode(&text).ok());
            if let Some(octets) = octets {
                *value = binary.write(&octets);
            }
        } else {
            rewrite(value, binary);
        }
    }
}

impl Binary {
    fn write(self, octets: &[u8]) -> Json {
        match self {
            Self::PaddedBase64url => Json::text(Variant::Base64urlPadded.encode(octets)),
            Self::Base64 => Json::text(Variant::Base64.encode(octets)),
            Self::Hex => Json::text(base16ct::lower::encode_string(octets)),
            Self::Numbers => {
                Json::Array(octets.iter().map(|octet| Json::Number((*octet).into())).collect())
            }
        }
    }
}

/// Further members whose text stands for bytes: of registrations and of extension outputs (§5.1.8).
const BINARY_OUTPUTS: [&str; 4] = ["publicKey", "first", "second", "blob"];

/// The names of the members that are byte strings in CBOR.
pub(super) struct BinaryNames<'a>(Vec<&'a str>);

impl<'a> BinaryNames<'a> {
    /// Those of WebAuthn, and the names that the adapter gives to such members.
    pub(super) fn of(edits: &'a [CredentialEdit]) -> Self {
        let mut names: Vec<&str> = BINARY.into_iter().chain(BINARY_OUTPUTS).collect();
        let renamed = edits.iter().filter_map(|edit| match (edit.path.last(), &edit.change) {
            (Some(name), MemberChange::Rename(new)) if names.contains(&name.as_str()) => {
                Some(new.as_str())
            }
            _ => None,
        });
        let renamed: Vec<_> = renamed.collect();
        names.extend(renamed);
        Self(names)
    }

    /// The value of a member as CBOR. A text that is not base64url stays a text.
    pub(super) fn cbor(&self, name: &str, value: &Json) -> Cbor {
        match value.as_text() {
            Some(text) if self.0.contains(&name) => match base64url::decode(&text) {
                Ok(bytes) => Cbor::bytes(bytes),
                Err(_) => Cbor::text(text),
            },
            _ => self.cbor_value(value),
        }
    }

    fn cbor_value(&self, json: &Json) -> Cbor {
        match json.plain() {
            Json::Object(members) => Cbor::map(
                members
                    .iter()
                    .map(|(name, value)| (Cbor::text(name.clone()), self.cbor(name, value))),
            ),
            Json::Array(items) => Cbor::array(items.iter().map(|item| self.cbor_value(item))),
            Json::Bool(value) => Cbor::bool(*value),
            Json::Number(number) => match number.as_i64() {
                Some(value) => Cbor::int(value),
                None => {
                    let bits = number.as_f64().unwrap_or_default().to_bits();
                    Item::Float { bits, width: 8 }.into()
                }
            },
            other => match other.as_text() {
                Some(text) => Cbor::text(text),
                None => Item::Simple(22).into(),
            },
        }
    }
}

fn members(json: &mut Json) -> Option<&mut Vec<(String, Json)>> {
    match json {
        Json::Object(members) => Some(members),
        Json::Styled(_, inner) => members(inner),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(path: &str, change: MemberChange) -> CredentialEdit {
        CredentialEdit { path: path.split('.').map(str::to_owned).collect(), change }
    }

    #[test]
    fn nested_members_change_form() {
        let credential = Json::parse(
            br#"{"id":"a","response":{"clientDataJSON":"c","signature":"s","x":1,"x":2},"type":"public-key"}"#,
        )
        .unwrap();
        let shaped = shaped(
            &credential,
            &[
                edit("response.signature", MemberChange::Drop),
                edit("response.nothing.here", MemberChange::Drop),
                edit("type", MemberChange::Set(Json::text("WebAuthn"))),
                edit("extensions", MemberChange::Set(Json::Object(vec![]))),
                edit("response.x", MemberChange::Rename("y".into())),
                edit("response.clientDataJSON", MemberChange::Rename("clientDataJson".into())),
            ],
        );
        insta::assert_snapshot!(
            String::from_utf8(shaped.render()).unwrap(),
            @r#"{"id":"a","response":{"clientDataJson":"c","y":1,"y":2},"type":"WebAuthn","extensions":{}}"#
        );
    }

    #[test]
    fn octets_and_objects_change_form() {
        let credential =
            br#"{"id":"_w","rawId":"_w","response":{"signature":"-_8","x":"_w","userHandle":"!"}}"#;
        let credential = Json::parse(credential).unwrap();
        let form = |binary| {
            let edits = [
                CredentialEdit { path: vec![], change: MemberChange::Binary(binary) },
                edit("response", MemberChange::Stringify),
            ];
            String::from_utf8(shaped(&credential, &edits).render()).unwrap()
        };
        insta::assert_snapshot!(
            form(Binary::Numbers),
            @r#"{"id":"_w","rawId":[255],"response":"{\"signature\":[251,255],\"x\":\"_w\",\"userHandle\":\"!\"}"}"#
        );
        insta::assert_snapshot!(
            form(Binary::Base64),
            @r#"{"id":"_w","rawId":"/w==","response":"{\"signature\":\"+/8=\",\"x\":\"_w\",\"userHandle\":\"!\"}"}"#
        );
        let cbor = BinaryNames::of(&[]).cbor("", &credential);
        assert_eq!(cbor.get("rawId").unwrap().as_bytes(), Some(&[255][..]));
        assert_eq!(cbor.get("id").unwrap().as_text(), Some("_w"));
        assert_eq!(cbor.get("response").unwrap().get("userHandle").unwrap().as_text(), Some("!"));
    }

    #[test]
    fn raw_octets_and_styles_stay() {
        use passrig_authenticator::wire::json::Style;
        let inner = Json::object([("a", Json::Raw(b"\xff{".to_vec()))]);
        let credential = Json::Styled(Style::Spaced, Box::new(inner));
        let shaped = shaped(&credential, &[edit("a", MemberChange::Rename("b".into()))]);
        assert_eq!(shaped.render(), b"{\"b\": \xff{}");
        assert_eq!(
            super::shaped(&Json::Raw(vec![1]), &[edit("a", MemberChange::Drop)]).render(),
            [1]
        );
    }
}
