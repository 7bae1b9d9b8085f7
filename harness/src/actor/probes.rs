/// The probes that this run has seen in both states, and therefore trusts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Probes {
    /// The list of credentials.
    pub list: bool,
    /// Who is signed in.
    pub whoami: bool,
}

impl Probes {
    /// Every probe, trusted or not: to find out which can be.
    pub const ALL: Self = Self { list: true, whoami: true };
}
