use std::collections::HashMap;

use super::Credential;

/// What an authenticator keeps: discoverable credentials, and counters.
#[derive(Clone, Debug, Default)]
pub struct Store {
    credentials: HashMap<Vec<u8>, Credential>,
    /// Ids per RP id, oldest first, so that discovery looks at no others.
    by_rp_id: HashMap<String, Vec<Vec<u8>>>,
    /// Credentials ever made, so that labels do not repeat after a removal.
    pub(super) made: u64,
    /// The counter of [`super::Counting::Global`].
    pub(super) global_count: u32,
}

/// What an authenticator counts beside its credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Credentials ever made, kept here or not.
    pub made: u64,
    /// The signature counter that belongs to no credential.
    pub signed: u32,
}

impl Store {
    /// Keeps a credential. One for the same RP id and user handle gives way
    /// (§6.3.2 step 7), and so does one with the same id.
    pub fn insert(&mut self, credential: Credential) {
        let handle = credential.user.as_ref().map(|user| &user.handle);
        let superseded: Vec<_> = self
            .discover(&credential.rp_id)
            .filter(|c| handle.is_some() && c.user.as_ref().map(|user| &user.handle) == handle)
            .map(|c| c.id.clone())
            .collect();
        for id in superseded {
            self.remove(&id);
        }
        self.remove(&credential.id);
        self.by_rp_id.entry(credential.rp_id.clone()).or_default().push(credential.id.clone());
        self.credentials.insert(credential.id.clone(), credential);
    }

    /// The credential with that id.
    pub fn find(&self, id: &[u8]) -> Option<&Credential> {
        self.credentials.get(id)
    }

    /// The same, to alter. Its id and RP id must stay as they are.
    pub fn find_mut(&mut self, id: &[u8]) -> Option<&mut Credential> {
        self.credentials.get_mut(id)
    }

    /// The credentials for that RP id, the oldest first.
    pub fn discover(&self, rp_id: &str) -> impl DoubleEndedIterator<Item = &Credential> {
        let ids = self.by_rp_id.get(rp_id).map(Vec::as_slice).unwrap_or_default();
        ids.iter().filter_map(|id| self.credentials.get(id))
    }

    /// Every credential, by RP id and age.
    pub fn iter(&self) -> impl Iterator<Item = &Credential> {
        let mut rp_ids: Vec<&String> = self.by_rp_id.keys().collect();
        rp_ids.sort();
        rp_ids.into_iter().flat_map(|rp_id| self.discover(rp_id))
    }

    /// What it counts beside its credentials.
    pub fn tally(&self) -> Tally {
        Tally { made: self.made, signed: self.global_count }
    }

    /// Counts on from here: what was kept elsewhere comes back.
    pub fn resume(&mut self, tally: Tally) {
        self.made = tally.made;
        self.global_count = tally.signed;
    }

    /// Forgets the credential with that id.
    pub fn remove(&mut self, id: &[u8]) -> Option<Credential> {
        let removed = self.credentials.remove(id)?;
        if let Some(ids) = self.by_rp_id.get_mut(&removed.rp_id) {
            ids.retain(|other| other != id);
        }
        Some(removed)
    }

    /// How many credentials are kept.
    pub fn len(&self) -> usize {
        self.credentials.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.credentials.is_empty()
    }
}
