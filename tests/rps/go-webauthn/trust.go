package main

import (
	"context"
	"crypto/x509"
	"os"
	"path/filepath"

	"github.com/google/uuid"

	"github.com/go-webauthn/webauthn/metadata"
	"github.com/go-webauthn/webauthn/metadata/providers/memory"
)

// everyModel is the library's provider in memory, but for one thing that is ours: every model has the same entry.
type everyModel struct {
	metadata.Provider
	entry *metadata.Entry
}

func (e everyModel) GetEntry(context.Context, uuid.UUID) (*metadata.Entry, error) {
	return e.entry, nil
}

// roots is whom to trust in attestation: metadata that has all these roots for every model. Without the folder everybody
// is trusted, the library's default.
func roots() metadata.Provider {
	folder := os.Getenv("ATTESTATION_ROOTS")
	if folder == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.der"))
	if err != nil {
		panic(err)
	}
	statement := metadata.Statement{AttestationTypes: metadata.AuthenticatorAttestationTypes{
		metadata.BasicFull, metadata.BasicSurrogate, metadata.AttCA, metadata.AnonCA,
	}}
	for _, file := range files {
		der, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		root, err := x509.ParseCertificate(der)
		if err != nil {
			panic(err)
		}
		statement.AttestationRootCertificates = append(statement.AttestationRootCertificates, root)
	}
	provider, err := memory.New(memory.WithMetadata(map[uuid.UUID]*metadata.Entry{}))
	if err != nil {
		panic(err)
	}
	return everyModel{provider, &metadata.Entry{MetadataStatement: statement}}
}
