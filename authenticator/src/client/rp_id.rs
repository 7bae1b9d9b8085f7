//! Which RP ids a page may claim (§5.1.3 step 8, §5.1.4.1 step 7).

use url::Host;

use super::domain::{is_public_suffix, public_suffix};
use super::{DomException, Name, Origin};

/// The RP id that a ceremony on this page is for: the one in the options, if
/// the page may claim it, else the page's own domain.
pub(super) fn resolve(origin: &Origin, asked: Option<&str>) -> Result<String, DomException> {
    let security = |message: String| DomException::new(Name::Security, message);
    if origin.is_app() {
        // The platform compares the app with the files that the domain publishes.
        let rp_id = asked.ok_or_else(|| {
            security(format!("{origin} has no domain: the options must name the RP ID."))
        })?;
        if !is_registrable(rp_id) {
            return Err(security(format!(
                "The RP ID of an app must be a domain below a public suffix, found `{}`.",
                rp_id.escape_debug()
            )));
        }
        return Ok(rp_id.to_owned());
    }
    let domain = origin
        .domain()
        .ok_or_else(|| security(format!("{origin} has no domain, and WebAuthn needs one.")))?;
    let Some(rp_id) = asked else {
        return Ok(domain.to_owned());
    };
    if is_equal_or_registrable_suffix(rp_id, domain) {
        return Ok(rp_id.to_owned());
    }
    Err(security(format!(
        "The RP id `{rp_id}` is neither {domain} nor a registrable suffix of it."
    )))
}

/// True for a domain, as it is written in a URL, that is not a public suffix.
fn is_registrable(rp_id: &str) -> bool {
    let host = Host::parse(rp_id);
    matches!(host, Ok(Host::Domain(domain)) if domain == rp_id) && !is_public_suffix(rp_id)
}

/// HTML's "is a registrable domain suffix of or is equal to".
fn is_equal_or_registrable_suffix(suffix: &str, domain: &str) -> bool {
    if suffix == domain {
        return true;
    }
    let is_below = |whole: &str| whole.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.'));
    // A public suffix may lie below a name that is none: of s3.amazonaws.com,
    // amazonaws.com is neither public itself nor the customer's to claim.
    let is_public = is_public_suffix(suffix) || public_suffix(domain).is_some_and(is_below);
    !suffix.is_empty() && is_below(domain) && !is_public
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(page: &str, rp_id: Option<&str>) -> Result<String, Name> {
        resolve(&Origin::parse(page).unwrap(), rp_id).map_err(|error| error.name)
    }

    #[test]
    fn a_page_claims_its_domain_and_registrable_parents() {
        let page = "https://login.example.co.uk:8443";
        assert_eq!(claim(page, None), Ok("login.example.co.uk".into()));
        assert_eq!(claim(page, Some("login.example.co.uk")), Ok("login.example.co.uk".into()));
        assert_eq!(claim(page, Some("example.co.uk")), Ok("example.co.uk".into()));
        for stranger in [
            "co.uk",
            "uk",
            "",
            "ample.co.uk",
            "other.example.co.uk",
            "a.login.example.co.uk",
            "Example.co.uk",
            ".example.co.uk",
            "https://example.co.uk",
        ] {
            assert_eq!(claim(page, Some(stranger)), Err(Name::Security), "{stranger}");
        }
    }

    #[test]
    fn an_app_names_a_registrable_domain() {
        let app = "ios:bundle-id:org.example.app";
        for rp_id in ["example.org", "login.example.co.uk"] {
            assert_eq!(claim(app, Some(rp_id)), Ok(rp_id.into()));
        }
        for wrong in
            ["", "null", "com", "co.uk", "Example.org", "a b.org", "127.0.0.1", "x\u{1b}.org"]
        {
            assert_eq!(claim(app, Some(wrong)), Err(Name::Security), "{wrong:?}");
        }
        assert_eq!(claim(app, None), Err(Name::Security));
    }

    #[test]
    fn private_suffixes_count_as_public() {
        assert_eq!(claim("https://a.github.io", Some("github.io")), Err(Name::Security));
        assert_eq!(claim("https://b.a.github.io", Some("a.github.io")), Ok("a.github.io".into()));
    }

    #[test]
    fn a_public_suffix_cannot_be_claimed() {
        let page = "https://bucket.s3.amazonaws.com";
        assert_eq!(claim(page, None), Ok("bucket.s3.amazonaws.com".into()));
        for above in ["s3.amazonaws.com", "amazonaws.com", "com"] {
            assert_eq!(claim(page, Some(above)), Err(Name::Security), "{above}");
        }
    }

    #[test]
    fn localhost_yes_addresses_no() {
        assert_eq!(claim("http://localhost:3000", Some("localhost")), Ok("localhost".into()));
        assert_eq!(claim("http://127.0.0.1:3000", None), Err(Name::Security));
    }
}
