//! Domains by the Public Suffix List.
//!
//! The list is a crate of generic functions, which are compiled into each crate that calls them: the functions here are the
//! only callers, and are not inlined.

/// The registrable domain of a host: its public suffix with one more label, such as `example.co.uk`.
#[inline(never)]
#[must_use]
pub fn registrable_domain(host: &str) -> Option<&str> {
    psl::domain_str(host)
}

/// The public suffix of a host, such as `co.uk`.
#[inline(never)]
pub(crate) fn public_suffix(host: &str) -> Option<&str> {
    psl::suffix_str(host)
}

/// True if a host is a public suffix.
#[must_use]
pub fn is_public_suffix(host: &str) -> bool {
    public_suffix(host) == Some(host)
}
