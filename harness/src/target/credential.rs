//! The changes of form that an adapter makes to a credential.

use passrig_authenticator::wire::Json;

use super::profile::{Change, Edit};

/// The credential in the form that the relying party wants. A member that a
/// deviation took away stays away, and one that it doubled is changed twice.
pub(super) fn shaped(credential: &Json, edits: &[Edit]) -> Json {
    let mut shaped = credential.clone();
    for edit in edits {
        apply(&mut shaped, &edit.path, &edit.change);
    }
    shaped
}

fn apply(json: &mut Json, path: &[String], change: &Change) {
    let Some((name, rest)) = path.split_first() else { return };
    let Some(members) = members(json) else { return };
    if !rest.is_empty() {
        let below = members.iter_mut().filter(|(member, _)| member == name);
        return below.for_each(|(_, value)| apply(value, rest, change));
    }
    match change {
        Change::Drop => members.retain(|(member, _)| member != name),
        Change::Rename(new) => {
            let found = members.iter_mut().filter(|(member, _)| member == name);
            found.for_each(|(member, _)| member.clone_from(new));
        }
        Change::Set(value) => {
            let mut found = members.iter_mut().filter(|(member, _)| member == name).peekable();
            if found.peek().is_some() {
                found.for_each(|(_, old)| old.clone_from(value));
            } else {
                members.push((name.clone(), value.clone()));
            }
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

    fn edit(path: &str, change: Change) -> Edit {
        Edit { path: path.split('.').map(str::to_owned).collect(), change }
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
                edit("response.signature", Change::Drop),
                edit("response.nothing.here", Change::Drop),
                edit("type", Change::Set(Json::text("WebAuthn"))),
                edit("extensions", Change::Set(Json::Object(vec![]))),
                edit("response.x", Change::Rename("y".into())),
                edit("response.clientDataJSON", Change::Rename("clientDataJson".into())),
            ],
        );
        insta::assert_snapshot!(
            String::from_utf8(shaped.render()).unwrap(),
            @r#"{"id":"a","response":{"clientDataJson":"c","y":1,"y":2},"type":"WebAuthn","extensions":{}}"#
        );
    }

    #[test]
    fn raw_octets_and_styles_stay() {
        use passrig_authenticator::wire::json::Style;
        let inner = Json::object([("a", Json::Raw(b"\xff{".to_vec()))]);
        let credential = Json::Styled(Style::Spaced, Box::new(inner));
        let shaped = shaped(&credential, &[edit("a", Change::Rename("b".into()))]);
        assert_eq!(shaped.render(), b"{\"b\": \xff{}");
        assert_eq!(super::shaped(&Json::Raw(vec![1]), &[edit("a", Change::Drop)]).render(), [1]);
    }
}
