package main

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"sync"

	"github.com/go-webauthn/webauthn/webauthn"
)

// user is what the library asks of one; it is a copy of what is stored.
type user struct {
	name        string
	handle      []byte
	credentials []webauthn.Credential
}

func (u *user) WebAuthnID() []byte                         { return u.handle }
func (u *user) WebAuthnName() string                       { return u.name }
func (u *user) WebAuthnDisplayName() string                { return u.name }
func (u *user) WebAuthnCredentials() []webauthn.Credential { return u.credentials }

// store is the application's tables, as the documentation lays them out: users by their handle, credentials by their id,
// sessions by what their cookie holds.
type store struct {
	mutex       sync.Mutex
	accounts    map[string]account
	credentials []record
	sessions    map[string]session
}

type account struct {
	password string
	handle   []byte
}

type record struct {
	owner      string
	credential webauthn.Credential
}

// session is of somebody who is signed in, or of nobody; both may have begun a ceremony.
type session struct {
	username string
	ceremony *webauthn.SessionData
}

func newStore() *store {
	return &store{accounts: map[string]account{}, sessions: map[string]session{}}
}

const cookie = "session"

func (s *store) addUser(name, password string, handle []byte) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, taken := s.accounts[name]; taken {
		return false
	}
	s.accounts[name] = account{password, handle}
	return true
}

func (s *store) passwordIs(name, password string) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	account, ok := s.accounts[name]
	return ok && account.password == password
}

// user is who is signed in.
func (s *store) user(r *http.Request) (*user, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.load(s.sessions[key(r)].username)
}

func (s *store) userByName(name string) (*user, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.load(name)
}

func (s *store) userByHandle(handle []byte) (*user, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for name, account := range s.accounts {
		if string(account.handle) == string(handle) {
			return s.load(name)
		}
	}
	return nil, false
}

func (s *store) load(name string) (*user, bool) {
	account, ok := s.accounts[name]
	if !ok {
		return nil, false
	}
	user := &user{name: name, handle: account.handle}
	for _, record := range s.credentials {
		if record.owner == name {
			user.credentials = append(user.credentials, record.credential)
		}
	}
	return user, true
}

// addCredential fails if anybody has one of this id.
func (s *store) addCredential(owner string, credential webauthn.Credential) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.find(credential.ID) != nil {
		return false
	}
	s.credentials = append(s.credentials, record{owner, credential})
	return true
}

func (s *store) updateCredential(credential webauthn.Credential) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if record := s.find(credential.ID); record != nil {
		record.credential = credential
	}
}

func (s *store) removeCredential(owner, id string) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for i, record := range s.credentials {
		if record.owner == owner && base64.RawURLEncoding.EncodeToString(record.credential.ID) == id {
			s.credentials = append(s.credentials[:i], s.credentials[i+1:]...)
			return true
		}
	}
	return false
}

func (s *store) find(id []byte) *record {
	for i := range s.credentials {
		if string(s.credentials[i].credential.ID) == string(id) {
			return &s.credentials[i]
		}
	}
	return nil
}

// begin signs somebody in, under a new cookie.
func (s *store) begin(rw http.ResponseWriter, r *http.Request, username string) {
	s.end(r)
	s.put(rw, session{username: username})
}

func (s *store) end(r *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.sessions, key(r))
}

// saveCeremony keeps it where the user agent has no access to it, as documented: by an opaque session cookie.
func (s *store) saveCeremony(rw http.ResponseWriter, r *http.Request, ceremony *webauthn.SessionData) {
	s.mutex.Lock()
	session, ok := s.sessions[key(r)]
	session.ceremony = ceremony
	if ok {
		s.sessions[key(r)] = session
	}
	s.mutex.Unlock()
	if !ok {
		s.put(rw, session)
	}
}

// takeCeremony gives it away once: it need only live long enough to span the ceremony, the documentation says.
func (s *store) takeCeremony(r *http.Request) (*webauthn.SessionData, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	session := s.sessions[key(r)]
	ceremony := session.ceremony
	if ceremony == nil {
		return nil, false
	}
	session.ceremony = nil
	s.sessions[key(r)] = session
	return ceremony, true
}

func (s *store) put(rw http.ResponseWriter, session session) {
	key := rand.Text()
	http.SetCookie(rw, &http.Cookie{
		Name: cookie, Value: key, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.sessions[key] = session
}

func key(r *http.Request) string {
	if cookie, err := r.Cookie(cookie); err == nil {
		return cookie.Value
	}
	return ""
}
