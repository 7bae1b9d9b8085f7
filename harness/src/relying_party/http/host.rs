//! The hosts that the server answers for.
//!
//! A page of another site can let its own name lead to this machine (DNS rebinding), and its
//! requests are then of the same origin. The Host header still holds the other site's name.

use std::net::IpAddr;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::HOST;
use http::uri::Authority;
use url::Url;

use crate::relying_party::Config;

/// The router, which answers only for the hosts of this configuration, local names and addresses.
pub(super) fn guarded(router: Router, config: &Config) -> Router {
    let origins = config.origins.iter().chain(&config.related_origins);
    let hosts = origins.filter_map(|origin| Url::parse(origin).ok()?.host_str().map(canonical));
    let hosts: Vec<String> = hosts.chain([canonical(&config.rp_id)]).collect();
    router.layer(from_fn(move |request: Request, next: Next| {
        let refused = foreign(&request, &hosts).map(|host| refusal(&host));
        async move {
            match refused {
                Some(response) => response,
                None => next.run(request).await,
            }
        }
    }))
}

/// The host of another site that the request names, if any. A request without a host does not come
/// from a browser.
fn foreign(request: &Request, hosts: &[String]) -> Option<String> {
    let from_line = request.uri().host().map(str::to_owned);
    let from_headers = request.headers().get_all(HOST).into_iter().map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        text.parse::<Authority>().map_or(text, |authority| authority.host().to_owned())
    });
    let mut named = from_line.into_iter().chain(from_headers).map(|host| canonical(&host));
    named.find(|host| !is_own(host, hosts))
}

fn is_own(host: &str, hosts: &[String]) -> bool {
    let is_local = host == "localhost" || host.ends_with(".localhost");
    is_local || host.parse::<IpAddr>().is_ok() || hosts.iter().any(|own| own == host)
}

fn canonical(host: &str) -> String {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    host.to_ascii_lowercase()
}

/// 421 Misdirected Request (RFC 9110 §15.5.20).
fn refusal(host: &str) -> Response {
    let host: String = host.chars().filter(|c| c.is_ascii_graphic()).take(253).collect();
    let text = format!(
        "This server does not answer for the host {host}.\n\
         If it is yours, name it: passrig rp --origin ORIGIN, such as https://login.example.com\n"
    );
    (StatusCode::MISDIRECTED_REQUEST, text).into_response()
}
