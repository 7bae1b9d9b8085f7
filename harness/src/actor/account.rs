//! The account of an actor, and everything that is asked of it outside ceremonies.

use super::trouble::{self, REMOVALS};
use super::{Actor, Probes, Trouble};
use crate::target_rp::adapter::AccountMode;
use crate::target_rp::{Flow, ListedCredential, Log};
use passrig_authenticator::Ceremony;
use std::sync::Arc;
use url::Url;

impl Actor {
    /// Makes the account, where that is a step of its own; signs in to one that
    /// is there already, and empties it if it can hold only so many credentials.
    pub async fn arrive(&mut self, log: &mut Log) -> Result<(), Trouble> {
        let account = &self.world.target.adapter().account;
        let (mode, is_limited) = (account.mode, account.max_credentials.is_some());
        if mode == AccountMode::Fresh {
            return self.run(Flow::Provision, log).await.map(drop);
        }
        self.run(Flow::Login, log).await?;
        if is_limited { self.empty(log).await } else { Ok(()) }
    }

    /// Removes every credential of the account, if there are not too many.
    async fn empty(&mut self, log: &mut Log) -> Result<(), Trouble> {
        let listed = self.run(Flow::List, log).await?.credentials.unwrap_or_default();
        let count = listed.len();
        for credential in listed.into_iter().take(REMOVALS) {
            let target = Arc::clone(&self.world.target);
            let inputs = self
                .inputs
                .clone()
                .with("credential_id", credential.credential_id)
                .with("record_id", credential.record_id);
            target.run(Flow::Remove, &mut self.session, &inputs, log).await?;
        }
        match count > REMOVALS {
            // A refusal by an account that is still full would say nothing.
            true => Err(Trouble::Full { count }),
            false => Ok(()),
        }
    }

    /// Signs in without a passkey. Where no account is made beforehand there
    /// is nothing to sign in to.
    pub async fn log_in(&mut self, log: &mut Log) -> Result<(), Trouble> {
        let profile = self.world.target.adapter();
        if profile.has(Flow::Provision) && !profile.has(Flow::Login) {
            return Err(Trouble::NoFlow(Flow::Login));
        }
        self.run(Flow::Login, log).await.map(drop)
    }

    /// What a probe sees: whether the account has this credential, or whether
    /// the session is signed in. `None` if no trusted probe can tell.
    pub(super) async fn probe(
        &mut self,
        ceremony: Ceremony,
        credential_id: &[u8],
        probes: Probes,
        log: &mut Log,
    ) -> Result<Option<bool>, Trouble> {
        match ceremony {
            Ceremony::Registration if probes.list => self.lists(credential_id, log).await,
            Ceremony::Authentication if probes.whoami => self.is_signed_in(log).await,
            _ => Ok(None),
        }
    }

    /// Whether the RP lists a credential for this session's account. Whoever
    /// is not signed in has none.
    pub async fn lists(&mut self, id: &[u8], log: &mut Log) -> Result<Option<bool>, Trouble> {
        match self.run(Flow::List, log).await {
            Ok(done) => Ok(done.credentials.map(|all| all.iter().any(|one| one.has_id(id)))),
            Err(Trouble::Target(error)) if trouble::is_unauthorised(&error) => Ok(Some(false)),
            Err(trouble) => Err(trouble),
        }
    }

    /// The account's credentials, as the RP lists them.
    pub async fn credentials(&mut self, log: &mut Log) -> Result<Vec<ListedCredential>, Trouble> {
        let listed = self.run(Flow::List, log).await?.credentials;
        listed.ok_or(Trouble::NoFlow(Flow::List))
    }

    /// Asks the RP to remove a credential, from another site's page if one is
    /// named.
    pub async fn remove(
        &mut self,
        listed: &ListedCredential,
        page: Option<&Url>,
        log: &mut Log,
    ) -> Result<(), Trouble> {
        let target = Arc::clone(&self.world.target);
        if !target.adapter().has(Flow::Remove) {
            return Err(Trouble::NoFlow(Flow::Remove));
        }
        let inputs = self.inputs.clone().with("credential_id", &listed.credential_id);
        let inputs = inputs.with("record_id", &listed.record_id);
        self.session.visit(page.cloned());
        let done = target.run(Flow::Remove, &mut self.session, &inputs, log).await;
        self.session.visit(None);
        Ok(done.map(drop)?)
    }

    /// What the adapter calls the person: `username` or `email`.
    pub fn name(&self, variable: &str) -> Option<&str> {
        self.inputs.value(variable)
    }

    /// Whether somebody is signed in in this session.
    pub async fn is_signed_in(&mut self, log: &mut Log) -> Result<Option<bool>, Trouble> {
        Ok(self.run(Flow::Whoami, log).await?.signed_in)
    }

    /// Who is signed in in this session, if the RP tells.
    pub async fn user(&mut self, log: &mut Log) -> Result<Option<String>, Trouble> {
        Ok(self.run(Flow::Whoami, log).await?.user)
    }

    /// Signs out.
    pub async fn log_out(&mut self, log: &mut Log) -> Result<(), Trouble> {
        if !self.world.target.adapter().has(Flow::Logout) {
            return Err(Trouble::NoFlow(Flow::Logout));
        }
        self.run(Flow::Logout, log).await.map(drop)
    }

    /// Gets ready for the loss of the passkey. What the RP gives for it is on
    /// paper then, whatever becomes of the browser.
    pub async fn prepare(&mut self, log: &mut Log) -> Result<(), Trouble> {
        let target = Arc::clone(&self.world.target);
        let steps = target.adapter().steps(Flow::Prepare);
        if steps.is_empty() {
            return Err(Trouble::NoFlow(Flow::Prepare));
        }
        self.run(Flow::Prepare, log).await?;
        for capture in steps.iter().flat_map(|step| &step.captures) {
            if let Some(text) = self.session.variable(&capture.name).and_then(|v| v.as_str()) {
                self.inputs = self.inputs.clone().with(&capture.name, text);
            }
        }
        Ok(())
    }

    /// Signs in again without any passkey.
    pub async fn recover(&mut self, log: &mut Log) -> Result<(), Trouble> {
        if !self.world.target.adapter().has(Flow::Recover) {
            return Err(Trouble::NoFlow(Flow::Recover));
        }
        self.run(Flow::Recover, log).await.map(drop)
    }

    /// Deletes the account, and with it the session.
    pub async fn close_account(&mut self, log: &mut Log) -> Result<(), Trouble> {
        if !self.world.target.adapter().has(Flow::Close) {
            return Err(Trouble::NoFlow(Flow::Close));
        }
        self.run(Flow::Close, log).await.map(drop)
    }

    /// What the RP has at a path of its own, asked for as a browser asks: with
    /// the session's cookies or without any.
    pub async fn read(
        &mut self,
        url: &Url,
        with_cookies: bool,
        log: &mut Log,
    ) -> Result<crate::target_rp::transport::HttpResponse, Trouble> {
        let session = with_cookies.then_some(&self.session);
        Ok(self.world.target.read(url, session, &self.inputs, log).await?)
    }

    async fn run(
        &mut self,
        flow: Flow,
        log: &mut Log,
    ) -> Result<crate::target_rp::FlowOutput, Trouble> {
        let target = Arc::clone(&self.world.target);
        Ok(target.run(flow, &mut self.session, &self.inputs, log).await?)
    }
}
