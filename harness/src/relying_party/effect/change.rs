//! The changes that a response can make.

use passrig_authenticator::wire::Flags;

use crate::relying_party::store::{Account, CredentialRecord, Update, UserHandle};
use crate::relying_party::verify::Evidence;

/// The change that a response makes.
pub(in crate::relying_party) enum StoreChange {
    /// §7.1 step 27: the account, if it is new, and the credential record.
    Register { account: Account, record: Option<CredentialRecord> },
    /// §7.2 step 24: the account is signed in, and the record follows.
    SignIn { user: UserHandle, update: Option<Update> },
    /// The account, and no session for it.
    Account(Account),
    /// The record, and no session for its owner.
    Record(UserHandle, CredentialRecord),
}

/// §7.1 step 27
pub(in crate::relying_party) fn record(e: &Evidence<'_>) -> Option<CredentialRecord> {
    let data = e.authenticator_data.as_ref()?;
    let attested = data.attested.as_ref()?;
    Some(CredentialRecord {
        id: attested.credential_id.clone(),
        public_key: attested.public_key.clone(),
        sign_count: data.sign_count,
        transports: e.registration.as_ref()?.response.transports.clone(),
        backup_eligible: data.flags.has(Flags::BE),
        backup_state: data.flags.has(Flags::BS),
        name: None,
    })
}
