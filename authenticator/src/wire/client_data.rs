//! Collected client data (§5.8.1) in the specification's own serialisation.

use super::json::{Error, Json, Style};
use super::{Tree, base64url};

/// What a client writes into `clientDataJSON`.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientData {
    /// `webauthn.create` or `webauthn.get`, from an honest client.
    pub kind: String,
    /// The relying party's challenge.
    pub challenge: Vec<u8>,
    /// The serialised origin of the page.
    pub origin: String,
    /// Whether the page is framed by another origin. Always written.
    pub cross_origin: bool,
    /// The serialised origin of the top-level page, for framed ones.
    pub top_origin: Option<String>,
    /// Members that later versions may define; relying parties ignore them.
    pub extra: Vec<(String, Json)>,
}

impl ClientData {
    /// The tree; it renders as §5.8.1.1 prescribes.
    pub fn tree(&self) -> Tree {
        let mut members = vec![
            ("type".to_owned(), Json::text(&self.kind)),
            ("challenge".to_owned(), Json::binary(self.challenge.clone())),
            ("origin".to_owned(), Json::text(&self.origin)),
            ("crossOrigin".to_owned(), Json::Bool(self.cross_origin)),
        ];
        if let Some(origin) = &self.top_origin {
            members.push(("topOrigin".to_owned(), Json::text(origin)));
        }
        members.extend(self.extra.iter().cloned());
        Tree::Json(Json::Styled(Style::ClientData, Box::new(Json::Object(members))))
    }

    /// Decodes as a relying party must (§7.1 steps 5 and 6): leniently as
    /// UTF-8, strictly as JSON.
    pub fn decode(bytes: &[u8]) -> Result<Json, Error> {
        Json::parse_utf8_decoded(bytes)
    }

    /// The challenge that received client data carry, if it is base64url.
    pub fn challenge_of(json: &Json) -> Option<Vec<u8>> {
        base64url::decode(&json.member("challenge")?.as_text()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specifications_order_and_spelling() {
        let data = ClientData {
            kind: "webauthn.get".into(),
            challenge: vec![0xfb, 0xff],
            origin: "https://example.org".into(),
            cross_origin: true,
            top_origin: Some("https://example.com".into()),
            extra: vec![("later".into(), Json::Null)],
        };
        assert_eq!(
            String::from_utf8(data.tree().render()).unwrap(),
            r#"{"type":"webauthn.get","challenge":"-_8","origin":"https://example.org","crossOrigin":true,"topOrigin":"https://example.com","later":null}"#
        );
        let json = ClientData::decode(&data.tree().render()).unwrap();
        assert_eq!(ClientData::challenge_of(&json), Some(vec![0xfb, 0xff]));
    }
}
