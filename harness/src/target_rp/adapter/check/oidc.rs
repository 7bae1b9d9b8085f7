//! The steps of an authorization code flow with PKCE (RFC 6749 §4.1, RFC 7636),
//! written out.

use std::collections::BTreeMap;

use crate::toml_file::Spanned;
use http::{Method, header};

use super::super::document::{OidcStep, OidcTable};
use super::super::{
    AdapterStep, Address, BodyTemplate, Capture, Flow, Query, Refinement, StepAction, ValueSource,
};
use super::{At, Checked, Checker};
use crate::target_rp::adapter::{AdapterFault, AnswerPart};

/// Variables that exist where an adapter has `[oidc]`.
pub(super) const VARIABLES: [&str; 7] = [
    "oidc.state",
    "oidc.nonce",
    "oidc.verifier",
    "oidc.challenge",
    "oidc.code",
    "oidc.access_token",
    "oidc.id_token",
];

impl Checker {
    pub(super) fn oidc_step(&self, flow: Flow, kind: &Spanned<OidcStep>) -> Checked<AdapterStep> {
        let Some(oidc) = &self.oidc else {
            return Err(At(AdapterFault::OidcUnsaid, kind.span()));
        };
        let (line, step) = match kind.get_ref() {
            OidcStep::Authorize => ("authorize", self.authorize(flow, oidc)?),
            OidcStep::Token => ("token", self.token(flow, oidc)?),
        };
        Ok(AdapterStep { line: format!("oidc {line}"), ..step })
    }

    fn authorize(&self, flow: Flow, oidc: &OidcTable) -> Checked<AdapterStep> {
        let scope = oidc.scope.as_ref().map_or("openid", |scope| scope.get_ref());
        let query = [
            ("response_type", "code"),
            ("client_id", oidc.client_id.get_ref()),
            ("redirect_uri", oidc.redirect_uri.get_ref()),
            ("scope", scope),
            ("state", "{{oidc.state}}"),
            ("nonce", "{{oidc.nonce}}"),
            ("code_challenge", "{{oidc.challenge}}"),
            ("code_challenge_method", "S256"),
        ];
        let accept = self.fixed(flow, "text/html,application/xhtml+xml")?;
        let mut step = self.request(flow, Method::GET, &oidc.authorize)?;
        step.query = self.pairs(flow, &query)?;
        step.headers = vec![(header::ACCEPT, accept)];
        step.follow = true;
        Ok(step)
    }

    fn token(&self, flow: Flow, oidc: &OidcTable) -> Checked<AdapterStep> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", "{{oidc.code}}"),
            ("redirect_uri", oidc.redirect_uri.get_ref()),
            ("client_id", oidc.client_id.get_ref()),
            ("code_verifier", "{{oidc.verifier}}"),
        ];
        let mut step = self.request(flow, Method::POST, &oidc.token)?;
        step.body = BodyTemplate::Form(self.pairs(flow, &form)?);
        let capture = |name: &str, path: &str, optional| {
            let query = Query::parse(path).ok()?;
            let refinements = vec![Refinement::Json(query)];
            let source = ValueSource { place: AnswerPart::Body, refinements, all: false, optional };
            Some(Capture { name: name.to_owned(), source })
        };
        step.captures.extend(capture("oidc.access_token", "$.access_token", false));
        step.captures.extend(capture("oidc.id_token", "$.id_token", true));
        Ok(step)
    }

    fn request(&self, flow: Flow, method: Method, path: &Spanned<String>) -> Checked<AdapterStep> {
        if !path.get_ref().starts_with('/') {
            return Err(At(AdapterFault::RequestLine(path.get_ref().clone()), path.span()));
        }
        let address = Address::Path(self.text(flow, path)?);
        Ok(AdapterStep::new(StepAction::Request { method, address }))
    }

    fn pairs(&self, flow: Flow, pairs: &[(&str, &str)]) -> Checked<Vec<(String, super::Text)>> {
        let pairs: BTreeMap<_, _> = pairs.iter().copied().collect();
        pairs.iter().map(|(name, text)| Ok(((*name).to_owned(), self.fixed(flow, text)?))).collect()
    }

    fn fixed(&self, flow: Flow, text: &str) -> Checked<super::Text> {
        self.template(flow, text, &(0..0))
    }
}
