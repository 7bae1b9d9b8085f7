/// The probes that a run trusts, since it saw each one in both states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Probes {
    /// The list of credentials.
    pub list: bool,
    /// The user who is signed in.
    pub whoami: bool,
}

impl Probes {
    /// Every probe, before it is known which ones can be trusted.
    pub const ALL: Self = Self { list: true, whoami: true };
}
