//! The caller of the relying party: a session in a browser.

#[derive(Debug, Default)]
pub(super) struct Caller {
    pub(super) token: Option<String>,
    /// The check that it belongs to: what is drawn for it depends on nothing
    /// that other checks do.
    pub(super) check: String,
    pub(super) origin: Option<String>,
}
