package attribute

import (
	"context"
	"io"

	"rtevent"
)

// Verify compares the executable of every holder, and the script that it runs, with the digest that its package was
// delivered with, and sets Package.Intact. Where that cannot be told, Intact stays nil, and Unread has the reason
// unless it is that the package keeps no digest. Each executable is read once for all callers, through the process that
// runs it, so that a deleted one is compared too.
//
// It reads whole files. Call it beside other work, from as many goroutines as there are listeners: no more files are
// read at a time than there are processors.
func (a *Attributor) Verify(ctx context.Context, l *rtevent.Listener) {
	var h *host
	for i := range l.Holders {
		o := &l.Holders[i]
		if o.Package == nil && (o.Program == nil || o.Program.Package == nil) {
			continue
		}
		if h == nil {
			var err error
			if h, err = openHost(a.root); err != nil {
				return
			}
			defer h.close()
		}
		a.verify(ctx, h, o)
	}
}

func (a *Attributor) verify(ctx context.Context, h *host, o *rtevent.Owner) {
	w, err := h.workplace(o.PID, o.Started)
	if err != nil {
		o.Unread = append(o.Unread, "package: its digest: "+err.Error())
		return
	}
	defer w.close()
	if o.Package != nil {
		o.Package = a.judge(ctx, w.system, o, o.Package, o.Exe, w.openExecutable)
	}
	if o.Program != nil && o.Program.Package != nil {
		program := *o.Program // the other holders of the process share it
		program.Package = a.judge(ctx, w.system, o, program.Package, program.Path, func() (io.ReadCloser, fileID, error) {
			f, err := w.system.files.Open(rel(program.Path))
			return f, fileID{}, err
		})
		o.Program = &program
	}
}

// workplace is what is needed of a process to compare its files: the tree it lives in, and a way to what it runs.
type workplace struct {
	system         *system
	openExecutable opener
	close          func()
}

// opener opens a file and tells its state; the zero fileID says that the digest of this file is not worth keeping.
type opener func() (io.ReadCloser, fileID, error)

// judge returns a package with the answer to whether a file of it is intact.
func (a *Attributor) judge(ctx context.Context, s *system, o *rtevent.Owner, p *rtevent.Package, file string, open opener) *rtevent.Package {
	judged := *p
	same, err := a.intact(ctx, s, p, file, open)
	if err != nil {
		o.Unread = append(o.Unread, "package: its digest: "+err.Error())
	}
	judged.Intact = same
	return &judged
}

// intact tells whether a file has the digest that its package says; nil when the package says none.
func (a *Attributor) intact(ctx context.Context, s *system, p *rtevent.Package, file string, open opener) (*bool, error) {
	owner, err := a.owners.ownerOf(ctx, s, file)
	if real := realPath(s.files, file); err == nil && owner == nil && real != file {
		owner, err = a.owners.ownerOf(ctx, s, real)
	}
	if err != nil || owner == nil || owner.pkg.Name != p.Name || owner.pkg.Version != p.Version || owner.digest.algorithm == 0 {
		return nil, err
	}
	f, id, err := open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sum, err := a.digests.sum(ctx, f, id, owner.digest.algorithm)
	if err != nil {
		return nil, err
	}
	same := sum == owner.digest.sum
	return &same, nil
}
