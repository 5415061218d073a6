// Command release makes what is published, in build/release:
//
//	go run ./internal/release
//
// For each processor that Lambda has there is a folder from which `sam deploy`
// deploys without Go: the functions' zip files and a template that names them;
// and the same as one zip file. Beside them lie the operator's command for each
// system, the licences of what is linked in, a bill of materials (CycloneDX) and
// SHA256SUMS. The same sources, version and Go give the same bytes: no time, no
// folder and no state of the version control is in them.
//
// The package knows the module's folders, the go command and template.yaml's
// text. It must not import a package of the service.
package main
