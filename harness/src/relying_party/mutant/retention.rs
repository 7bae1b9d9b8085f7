//! Mutants that keep a credential or an account too long, remove one that they must keep, or forget
//! a challenge too early. A mutant belongs here if the RP ends the life of stored data wrongly.

use std::time::Duration;

use super::{Mutant, behaviour};
use crate::relying_party::behaviour::Removal;
use crate::relying_party::store::{SessionId, Store, UserHandle};

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    vec![
        Mutant::flow("removal.effect.pretended", &["removal/effect", "7.2/6a", "7.2/6b"], "says that it removed a credential, and does not",
            behaviour! { fn remove(&self, _: &mut Store, _: SessionId, _: &UserHandle, _: &[u8], _: bool) -> Removal { Removal::Done } }),
        Mutant::flow("removal.effect.hidden", &["removal/effect", "7.2/6a", "7.2/6b"], "no longer lists a removed credential, but still takes it", behaviour! {
            fn remove(&self, store: &mut Store, _: SessionId, owner: &UserHandle, id: &[u8], _: bool) -> Removal {
                store.hide_record(owner, id);
                Removal::Done
            }
        }),
        Mutant::flow("removal.owner.any", &["removal/owner"], "removes anybody's credential for whoever is signed in", behaviour! {
            fn remove(&self, store: &mut Store, _: SessionId, _: &UserHandle, id: &[u8], _: bool) -> Removal {
                store.remove_records_with(id);
                Removal::Done
            }
        }),
        Mutant::flow("removal.session.unguarded", &["removal/session"], "removes credentials for whoever asks", behaviour! {
            fn remove_signed_out(&self, store: &mut Store, id: &[u8]) -> bool {
                store.remove_records_with(id);
                true
            }
        }),
        Mutant::flow("authentication.account.inherited", &["7.2/6b", "7.2/6a"], "gives the credentials of a closed account to whoever takes its name", behaviour! {
            fn close_account(&self, store: &mut Store, handle: &UserHandle) { store.close_account(handle, false); }
            fn user_handle(&self, drawn: UserHandle, name: &str, store: &Store) -> UserHandle {
                store.former(name).cloned().unwrap_or(drawn)
            }
        }),
        Mutant::flow("conditional.lifetime.short", &["conditional/lifetime"], "forgets its challenges after a minute",
            behaviour! { fn challenge_lifetime(&self, configured: Duration) -> Duration { configured.min(Duration::from_secs(60)) } }),
    ]
}
