//! `appid` and `appidExclude`: AppIDs of FIDO U2F (§10.1.1, §10.1.2).

use url::{Host, Url};

use crate::client::domain::registrable_domain;
use crate::client::{DomException, Name, Origin};

/// The AppID, if a page may use it. As browsers do, hosts of the same site are
/// taken for facets of one application; the list of facets that an AppID may
/// lead to is not fetched.
pub(super) fn authorise(app_id: &str, origin: &Origin) -> Result<String, DomException> {
    let facet = origin.to_string();
    if app_id.is_empty() || app_id == facet {
        return Ok(facet);
    }
    let url = Url::parse(app_id).ok().filter(|url| url.scheme() == "https");
    let host = match url.as_ref().and_then(Url::host) {
        Some(Host::Domain(domain)) => Some(domain),
        _ => None,
    };
    match (host, origin.domain()) {
        (Some(host), Some(domain)) if is_same_site(host, domain) => Ok(app_id.to_owned()),
        _ => {
            let message = format!("{facet} is no facet of the AppID `{app_id}`.");
            Err(DomException::new(Name::Security, message))
        }
    }
}

fn is_same_site(one: &str, other: &str) -> bool {
    one == other
        || registrable_domain(one).is_some_and(|site| registrable_domain(other) == Some(site))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facets_of_an_app_id() {
        let page = Origin::parse("https://login.example.co.uk").unwrap();
        let own = "https://login.example.co.uk";
        for (app_id, resolved) in [
            ("", Some(own)),
            (own, Some(own)),
            ("https://login.example.co.uk/u2f", Some("https://login.example.co.uk/u2f")),
            ("https://example.co.uk/facets.json", Some("https://example.co.uk/facets.json")),
            ("https://other.co.uk", None),
            ("https://co.uk", None),
            ("http://login.example.co.uk", None),
            ("login.example.co.uk", None),
            ("https://127.0.0.1", None),
        ] {
            let result = authorise(app_id, &page);
            assert_eq!(result.as_deref().ok(), resolved, "{app_id}");
            assert!(result.is_ok() || result.is_err_and(|error| error.name == Name::Security));
        }
    }
}
