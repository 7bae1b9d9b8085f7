// A thin relying party over go-webauthn, in the shape of the examples of its documentation: the same four endpoints and
// the same order of calls, for passkeys (nobody is named) and for several factors (somebody is).
//
// What is the library's: Begin* and Finish*. What is the application's, as the documentation shows or describes it:
// everything else, marked below. It adds no checks of its own, so that what passes here passes in the library or in what
// its documentation asks of applications.
package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"log"
	"net/http"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

func main() {
	w, err := webauthn.New(&webauthn.Config{
		RPDisplayName: "Go WebAuthn",
		RPID:          "passrig.test",
		RPOrigins:     []string{"https://login.passrig.test"},
		// The documentation's way to say whom to trust in attestation.
		MDS: roots(),
	})
	if err != nil {
		panic(err)
	}
	app := &app{webauthn: w, store: newStore()}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /webauthn/register/start", app.startRegistration)
	mux.HandleFunc("POST /webauthn/register/finish", app.finishRegistration)
	mux.HandleFunc("POST /webauthn/login/start", app.startLogin)
	mux.HandleFunc("POST /webauthn/login/finish", app.finishLogin)
	mux.HandleFunc("POST /account", app.signUp)
	mux.HandleFunc("GET /account", app.account)
	mux.HandleFunc("POST /account/sign-in", app.signIn)
	mux.HandleFunc("POST /account/sign-out", app.signOut)
	mux.HandleFunc("GET /credentials", app.credentials)
	mux.HandleFunc("DELETE /credentials/{id}", app.remove)
	serve(mux)
}

type app struct {
	webauthn *webauthn.WebAuthn
	store    *store
}

// Ours: what a caller may choose. Each is an option that the library has for it.
type wishes struct {
	Username         string                                  `json:"username"`
	UserVerification protocol.UserVerificationRequirement    `json:"userVerification"`
	Attestation      protocol.ConveyancePreference           `json:"attestation"`
	Mediation        protocol.CredentialMediationRequirement `json:"mediation"`
}

var (
	errNotSignedIn = errors.New("not signed in")
	errNoUser      = errors.New("no such user")
	errNoCeremony  = errors.New("no ceremony has begun")
	errRefused     = errors.New("refused")
	errRegistered  = errors.New("the credential is registered already")
)

func (a *app) startRegistration(rw http.ResponseWriter, r *http.Request) {
	// As documented: "the user must be logged in for this step".
	user, ok := a.store.user(r)
	if !ok {
		fail(rw, http.StatusUnauthorized, errNotSignedIn)
		return
	}
	var wishes wishes
	if err := json.NewDecoder(r.Body).Decode(&wishes); err != nil {
		fail(rw, http.StatusBadRequest, err)
		return
	}
	creation, session, err := a.webauthn.BeginMediatedRegistration(user, wishes.Mediation,
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{UserVerification: wishes.UserVerification}),
		webauthn.WithConveyancePreference(wishes.Attestation),
		webauthn.WithResidentKeyRequirement(protocol.ResidentKeyRequirementRequired),
		webauthn.WithExclusions(webauthn.Credentials(user.WebAuthnCredentials()).CredentialDescriptors()),
		webauthn.WithExtensions(webauthn.WithExtensionCredProps()),
	)
	if err != nil {
		fail(rw, http.StatusInternalServerError, err)
		return
	}
	a.store.saveCeremony(rw, r, session)
	answer(rw, creation)
}

func (a *app) finishRegistration(rw http.ResponseWriter, r *http.Request) {
	user, ok := a.store.user(r)
	if !ok {
		fail(rw, http.StatusUnauthorized, errNotSignedIn)
		return
	}
	session, ok := a.store.takeCeremony(r)
	if !ok {
		fail(rw, http.StatusBadRequest, errNoCeremony)
		return
	}
	credential, err := a.webauthn.FinishRegistration(user, *session, r)
	if err != nil {
		refuse(rw, r, err)
		return
	}
	// As documented: credential ids are unique.
	if !a.store.addCredential(user.name, *credential) {
		fail(rw, http.StatusBadRequest, errRegistered)
		return
	}
	answer(rw, map[string]bool{"registered": true})
}

func (a *app) startLogin(rw http.ResponseWriter, r *http.Request) {
	var wishes wishes
	if err := json.NewDecoder(r.Body).Decode(&wishes); err != nil {
		fail(rw, http.StatusBadRequest, err)
		return
	}
	var (
		assertion *protocol.CredentialAssertion
		session   *webauthn.SessionData
		err       error
	)
	verification := webauthn.WithUserVerification(wishes.UserVerification)
	if wishes.Username == "" {
		assertion, session, err = a.webauthn.BeginDiscoverableMediatedLogin(wishes.Mediation, verification)
	} else {
		// Ours: the name stands for the first factor, and an unknown one is told from a known one.
		user, ok := a.store.userByName(wishes.Username)
		if !ok {
			fail(rw, http.StatusBadRequest, errNoUser)
			return
		}
		assertion, session, err = a.webauthn.BeginMediatedLogin(user, wishes.Mediation, verification)
	}
	if err != nil {
		fail(rw, http.StatusBadRequest, err)
		return
	}
	a.store.saveCeremony(rw, r, session)
	answer(rw, assertion)
}

func (a *app) finishLogin(rw http.ResponseWriter, r *http.Request) {
	session, ok := a.store.takeCeremony(r)
	if !ok {
		fail(rw, http.StatusBadRequest, errNoCeremony)
		return
	}
	var (
		found      webauthn.User
		credential *webauthn.Credential
		err        error
	)
	if len(session.UserID) == 0 {
		found, credential, err = a.webauthn.FinishPasskeyLogin(a.userByHandle, *session, r)
	} else if found, err = a.userByHandle(nil, session.UserID); err == nil {
		credential, err = a.webauthn.FinishLogin(found, *session, r)
	}
	if err != nil {
		refuse(rw, r, err)
		return
	}
	// As in the examples: the warning of a clone is stored and nothing else.
	a.store.updateCredential(*credential)
	a.store.begin(rw, r, found.WebAuthnName())
	answer(rw, map[string]bool{"loggedIn": true})
}

func (a *app) userByHandle(_, userHandle []byte) (webauthn.User, error) {
	if user, ok := a.store.userByHandle(userHandle); ok {
		return user, nil
	}
	return nil, errNoUser
}

// Ours, from here on: accounts, and what a page of one's passkeys needs.

func (a *app) signUp(rw http.ResponseWriter, r *http.Request) {
	var form struct{ Username, Password string }
	if err := json.NewDecoder(r.Body).Decode(&form); err != nil {
		fail(rw, http.StatusBadRequest, err)
		return
	}
	// As documented: the handle is random, and of 64 bytes.
	handle := make([]byte, 64)
	_, _ = rand.Read(handle)
	if !a.store.addUser(form.Username, form.Password, handle) {
		fail(rw, http.StatusConflict, errors.New("the name is taken"))
		return
	}
	a.store.begin(rw, r, form.Username)
	answer(rw, map[string]string{"username": form.Username})
}

func (a *app) signIn(rw http.ResponseWriter, r *http.Request) {
	var form struct{ Username, Password string }
	if err := json.NewDecoder(r.Body).Decode(&form); err != nil {
		fail(rw, http.StatusBadRequest, err)
		return
	}
	if !a.store.passwordIs(form.Username, form.Password) {
		fail(rw, http.StatusUnauthorized, errNotSignedIn)
		return
	}
	a.store.begin(rw, r, form.Username)
	answer(rw, map[string]string{"username": form.Username})
}

func (a *app) signOut(rw http.ResponseWriter, r *http.Request) {
	a.store.end(r)
	answer(rw, map[string]bool{"signedOut": true})
}

func (a *app) account(rw http.ResponseWriter, r *http.Request) {
	user, ok := a.store.user(r)
	if !ok {
		fail(rw, http.StatusUnauthorized, errNotSignedIn)
		return
	}
	answer(rw, map[string]string{"username": user.name})
}

func (a *app) credentials(rw http.ResponseWriter, r *http.Request) {
	user, ok := a.store.user(r)
	if !ok {
		fail(rw, http.StatusUnauthorized, errNotSignedIn)
		return
	}
	ids := []protocol.URLEncodedBase64{}
	for _, credential := range user.credentials {
		ids = append(ids, credential.ID)
	}
	answer(rw, ids)
}

func (a *app) remove(rw http.ResponseWriter, r *http.Request) {
	user, ok := a.store.user(r)
	if !ok {
		fail(rw, http.StatusUnauthorized, errNotSignedIn)
		return
	}
	if !a.store.removeCredential(user.name, r.PathValue("id")) {
		fail(rw, http.StatusNotFound, errors.New("no such credential"))
		return
	}
	answer(rw, map[string]bool{"removed": true})
}

func answer(rw http.ResponseWriter, value any) {
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(rw).Encode(value)
}

func fail(rw http.ResponseWriter, status int, err error) {
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(map[string]string{"error": err.Error()})
}

// refuse tells the caller nothing of what the library found, as in the examples. They answer 500 to it as to everything;
// ours is told from a crash. Why, is in the log.
func refuse(rw http.ResponseWriter, r *http.Request, err error) {
	reason := err.Error()
	if known := new(protocol.Error); errors.As(err, &known) {
		reason += ": " + known.DevInfo
	}
	log.Printf("%s %s: %s", r.Header.Get("X-Passrig-Check"), r.URL.Path, reason)
	fail(rw, http.StatusBadRequest, errRefused)
}
