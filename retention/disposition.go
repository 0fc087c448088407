package retention

import (
	"slices"
	"time"

	"github.com/baakit/baakit"
	"github.com/baakit/baakit/internal/events"
)

// A Disposition is what happens to the PHI of an agreement at its end: the
// facts that do not change while it goes on. Its state is a fold over events.
// It is immutable and safe for concurrent use once it is valid.
type Disposition struct {
	Agreement string // its id
	Clause    string // that asks to return or destroy
	// Due is how long after the end PHI is returned or destroyed.
	Due baakit.Period
	// Zone is the custodian's, in which days begin; nil is UTC.
	Zone *time.Location
	// Default is the election where the covered entity makes none; zero is
	// that one has to be made.
	Default Election
	// Holds are those of the schedule that cover records in the assets; they
	// are asked at every step, as the holds of the events are. An asset is
	// asked about as a record of its ID and Class.
	Holds *Holds
}

// Validate reports what is wrong as [baakit.FieldErrors].
func (d *Disposition) Validate() error {
	var errs baakit.FieldErrors
	if !events.IsName(d.Agreement) {
		errs.Add("agreement", "is required")
	}
	if d.Due.IsZero() || d.Due.Unit() == baakit.Hours || d.Due.Unit() == baakit.BusinessDays {
		errs.Add("due", "must be in days, months or years")
	}
	return errs.Err()
}

func (d *Disposition) day(t time.Time) baakit.Date { return baakit.DateOf(t, d.Zone) }

// Record checks that the event is possible after the others and returns it
// as it is to be recorded, with its Seq, and a permit with its Epoch; a zero
// Recorded becomes At. The
// error is a [baakit.FieldErrors] that says what stands against it; events is
// not changed. An event that precedes the last one recorded is refused: the
// clock went back.
func (d *Disposition) Record(events []Event, e Event) (Event, error) {
	if err := d.Validate(); err != nil {
		return Event{}, err
	}
	last := lastOf(events)
	e.Seq = 0
	last.Complete(&e.Seq, e.At, &e.Recorded)
	if e.Recorded.Before(last.Recorded) || e.At.Before(last.At) {
		return Event{}, baakit.FieldErrors{{Path: "at", Rule: "must not be before what is recorded already"}}
	}
	f := d.fold(events, e.At, e.Recorded)
	if e.Kind == Permitted {
		e.Epoch = f.Epoch
	}
	if err := e.Validate(); err != nil {
		return Event{}, err
	}
	if err := f.check(&e); err != nil {
		return Event{}, err
	}
	return e, nil
}

// StateAt returns where the disposition stood at valid by what was known at
// known. Events that were not possible change nothing and are listed in
// Ignored. The order of the list makes no difference.
func (d *Disposition) StateAt(events []Event, valid, known time.Time) State {
	f := d.fold(events, valid, known)
	f.finish(valid)
	return f.State
}

type fold struct {
	d *Disposition
	State
}

func (d *Disposition) fold(events []Event, valid, known time.Time) *fold {
	f := &fold{d: d, State: State{Schema: StateSchema, Agreement: d.Agreement, Clause: d.Clause, Valid: valid, Known: known, Phase: PhaseActive, Epoch: 1, Election: d.Default}}
	list := make([]Event, 0, len(events))
	for _, e := range events {
		if !e.Recorded.After(known) && !e.At.After(valid) {
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b Event) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return a.Seq - b.Seq
	})
	for i := range list {
		if list[i].Validate() != nil || f.check(&list[i]) != nil {
			f.Ignored = append(f.Ignored, list[i].Seq)
			continue
		}
		f.apply(&list[i])
	}
	return f
}

// barred names the matters that bar an act on the asset at the instant: the
// one question that every path to destruction asks.
func (f *fold) barred(a *Asset, at time.Time) []string {
	var list []string
	on := f.d.day(at)
	for _, h := range f.Holds {
		if (len(h.Assets) == 0 || slices.Contains(h.Assets, a.ID)) && (h.Through.IsZero() || !on.After(h.Through)) {
			list = append(list, h.Matter)
		}
	}
	r := Record{ID: a.ID, Class: a.Class}
	if f.d.Holds != nil {
		day := pack(on)
		for i := range f.d.Holds.list {
			h := &f.d.Holds.list[i]
			if first, last := h.window(&r, on); h.covers(&r) && first <= day && day <= last {
				list = append(list, h.Matter)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (f *fold) asset(id string) *AssetState {
	for i := range f.Assets {
		if f.Assets[i].ID == id {
			return &f.Assets[i]
		}
	}
	return nil
}

// check reports what stands against the event.
func (f *fold) check(e *Event) error {
	var errs baakit.FieldErrors
	no := func(path, rule string) { errs.Add(path, rule) }
	ended := !f.EndedOn.IsZero()
	if f.Phase == PhaseClosed {
		no("kind", "must not come after the disposition is closed")
		return errs.Err()
	}
	var a *AssetState
	if e.Asset != "" && e.Kind != Inventoried {
		if a = f.asset(e.Asset); a == nil {
			no("asset", "must be in the inventory")
			return errs.Err()
		}
		if a.Done() && e.Kind != Verified {
			no("asset", "is accounted for already")
			return errs.Err()
		}
	}
	switch e.Kind {
	case Terminating, ExportOffered, ExportTaken, ExportDeclined:
		if ended && e.Kind != ExportTaken {
			no("kind", "must come before the end of the agreement")
		}
		if (e.Kind == ExportTaken || e.Kind == ExportDeclined) && f.Export == nil {
			no("kind", "must come after an export was offered")
		}
	case Ended:
		if ended {
			no("kind", "must not come twice")
		}
	case Inventoried:
		if f.asset(e.Asset) != nil {
			no("asset", "is in the inventory already")
		}
		for _, id := range append(slices.Clone(e.New.CopyOf), e.New.Above) {
			if id != "" && f.asset(id) == nil {
				no("new", "must name assets of the inventory only")
			}
		}
	case InventoryClosed:
		if !ended || len(f.Assets) == 0 {
			no("kind", "must come after the end and the first asset")
		}
	case Elected:
		if !ended {
			no("kind", "must come after the end of the agreement")
		}
		if f.started() {
			no("election", "must not change once it is carried out")
		}
	case HoldPlaced:
		for _, id := range e.Assets {
			if f.asset(id) == nil {
				no("assets", "must be in the inventory")
			}
		}
		if f.hold(e.Matter) != nil {
			no("matter", "is on hold already")
		}
	case HoldLifted:
		if h := f.hold(e.Matter); h == nil {
			no("matter", "must be on hold")
		} else if h.PlacedBy == e.By {
			no("by", "must be another person than placed it")
		}
	case LawChanged, Certified:
	case Proposed, Approved, Permitted, Returned, Transferred, Acknowledged, KeyDestroyed, Erased, AgedOut, Attested, Verified, MadeInfeasible, Reviewed:
		f.checkAsset(e, a, no)
	case Closed:
		if !f.allDone() || !f.FinalCertificate {
			no("kind", "must come after the final certificate")
		}
	}
	return errs.Err()
}

func (f *fold) checkAsset(e *Event, a *AssetState, no func(path, rule string)) {
	if !f.closedInventory() || f.Election == "" {
		no("kind", "must come after the inventory is closed and the election is made")
		return
	}
	held := f.barred(&a.Asset, e.At)
	// clear is what every path to destruction passes.
	clear := func() {
		if len(held) > 0 {
			no("asset", "is under a hold")
		}
		if !a.NotBefore.IsZero() && f.d.day(e.At).Before(a.NotBefore) {
			no("asset", "must be kept longer by a decision on its records")
		}
	}
	permitted := func() {
		clear()
		switch {
		case a.Permit == 0:
			no("epoch", "must be that of a permit: propose, approve, permit")
		case a.Permit != f.Epoch || e.Epoch != a.Permit:
			no("epoch", "is stale: holds, law or inventory changed after the permit")
		}
		if f.Election != ElectDestroy && a.Kind != BackupAsset && a.Kind != SubcontractorAsset && a.Kind != CacheAsset && a.Kind != IndexAsset && a.Kind != ReplicaAsset && a.Kind != LogAsset && !a.Received && a.Infeasible == nil {
			no("asset", "must be acknowledged by its recipient before the remaining copy is erased")
		}
	}
	switch e.Kind {
	case Proposed:
		clear()
		if f.Election != ElectDestroy && a.Sent && !a.Received {
			no("asset", "must be acknowledged by its recipient first")
		}
	case Approved:
		clear()
		if a.ProposedBy == "" {
			no("asset", "must be proposed first")
		} else if a.ProposedBy == e.By {
			no("by", "must be another person than proposed it")
		}
	case Permitted:
		clear()
		if a.ApprovedBy == "" {
			no("asset", "must be approved first")
		}
	case Returned, Transferred:
		if want := map[EventKind]Election{Returned: ElectReturn, Transferred: ElectTransfer}[e.Kind]; f.Election != want {
			no("kind", "must be what was elected")
		}
	case Acknowledged:
		switch {
		case !a.Sent:
			no("asset", "must be returned or transferred first")
		case a.SentHash != e.Hash:
			no("hash", "must be that of what was sent")
		}
	case KeyDestroyed:
		permitted()
		if !slices.Contains(a.Keys, e.Key) || slices.ContainsFunc(a.KeysDestroyed, func(k KeyCopy) bool { return k.Key == e.Key }) {
			no("key", "must be a copy of a key of the asset that is not destroyed")
		}
	case Erased:
		permitted()
		f.checkErased(e, a, no)
	case AgedOut:
		permitted()
		switch out := f.ageOut(a); {
		case a.Kind != BackupAsset:
			no("asset", "must be a backup")
		case out.IsZero():
			no("asset", "still copies an asset that is not erased")
		case f.d.day(e.At).Before(out):
			no("at", "must not be before the backup ages out")
		}
	case Attested:
		permitted()
		if a.Kind != SubcontractorAsset {
			no("asset", "must be a subcontractor")
		}
		for i := range f.Assets {
			if f.Assets[i].Above == a.ID && !f.Assets[i].Done() {
				no("asset", "has a subcontractor of its own that has not attested")
			}
		}
	case Verified:
		if a.ErasedBy == "" {
			no("asset", "must be erased first")
		} else if a.ErasedBy == e.By {
			no("by", "must be another person than erased it")
		}
	case MadeInfeasible, Reviewed:
		if (a.Infeasible == nil) != (e.Kind == MadeInfeasible) {
			no("kind", "must be infeasible once, then reviewed")
		}
		var errs baakit.FieldErrors
		errs.Merge("infeasible", e.Infeasible.validate(f.d.day(e.At)))
		for _, x := range errs {
			no(x.Path, x.Rule)
		}
	}
}

func (f *fold) checkErased(e *Event, a *AssetState, no func(path, rule string)) {
	if a.Kind == SubcontractorAsset {
		no("kind", "must be an attestation for a subcontractor")
		return
	}
	m, ok := method(a.Media, e.Technique)
	switch {
	case !ok || e.Technique == AgeOut:
		no("technique", "must be a technique for the media")
	case m.Category.strength() < max(1, a.Requires.strength()):
		no("technique", "is weaker than the asset requires")
	}
	if a.LockedThrough != (baakit.Date{}) && !f.d.day(e.At).After(a.LockedThrough) && e.Technique != CryptographicErase {
		no("at", "must not be before the lock ends")
	}
	if (e.Technique == CryptographicErase) != (e.Erase != nil) {
		no("erase", "is required for cryptographic erasure, and only then")
		return
	}
	if e.Erase == nil {
		return
	}
	var errs baakit.FieldErrors
	errs.Merge("erase", e.Erase.validate())
	for _, x := range errs {
		no(x.Path, x.Rule)
	}
	if len(a.Keys) == 0 || len(a.KeysDestroyed) < len(a.Keys) {
		no("key", "must all be destroyed: the erasure takes effect with the last copy")
	}
}

// apply changes the state; check has passed.
func (f *fold) apply(e *Event) {
	day := f.d.day(e.At)
	a := f.asset(e.Asset)
	switch e.Kind {
	case Terminating:
		f.Phase = PhaseTerminating
	case ExportOffered:
		f.Export = &Export{Format: e.Format, Offered: day, By: e.By}
	case ExportTaken:
		f.Export.Taken, f.Export.Hash = day, e.Hash
	case ExportDeclined:
		f.Export.Declined = day
	case Ended:
		f.Phase, f.EndedOn = PhaseEnded, day
		if due, err := f.d.Due.AddTo(day, nil, baakit.RollBack); err == nil {
			f.DueOn = due
		}
	case Inventoried:
		f.Assets = append(f.Assets, AssetState{Asset: *e.New, Status: StatusPending})
		f.Epoch++
	case InventoryClosed:
		f.InventoryOn, f.Phase = day, PhaseInventoried
	case Elected:
		f.Election, f.ElectedBy, f.ElectedOn = e.Election, e.By, day
	case HoldPlaced:
		f.Holds = append(f.Holds, AssetHold{Matter: e.Matter, Assets: slices.Clone(e.Assets), Placed: day, PlacedBy: e.By})
		f.Epoch++
	case HoldLifted:
		h := f.hold(e.Matter)
		h.Lifted, h.LiftedBy, h.Through = day, e.By, day
		if d, err := e.Grace.AddTo(day, nil, baakit.RollForward); err == nil {
			h.Through = d
		}
		f.Epoch++
	case LawChanged:
		f.Epoch++
	case Proposed:
		a.Status, a.ProposedBy, a.ApprovedBy, a.Permit = StatusProposed, e.By, "", 0
	case Approved:
		a.Status, a.ApprovedBy = StatusApproved, e.By
	case Permitted:
		a.Status, a.Permit, a.HoldsChecked = StatusPermitted, e.Epoch, e.At
	case Returned, Transferred:
		a.Status, a.Sent, a.SentHash, a.Recipient, a.Format = StatusSent, true, e.Hash, e.Recipient, e.Format
	case Acknowledged:
		a.Status, a.Received, a.AcknowledgedBy = StatusReceived, true, e.By
	case KeyDestroyed:
		a.KeysDestroyed = append(a.KeysDestroyed, KeyCopy{e.Key, e.At})
	case Erased:
		a.Status, a.ErasedBy, a.ErasedAt, a.Technique, a.Tool = StatusErased, e.By, e.At, e.Technique, e.Tool
		a.Erase = e.Erase
		a.HoldsChecked = e.At
		m, _ := method(a.Media, e.Technique)
		a.Category = m.Category
		for i, k := range a.KeysDestroyed {
			if e.Technique == CryptographicErase && (i == 0 || k.At.After(a.ErasedAt)) {
				a.ErasedAt = k.At
			}
		}
	case AgedOut:
		a.Status, a.ErasedBy, a.ErasedAt, a.Technique, a.Category, a.HoldsChecked = StatusAgedOut, e.By, e.At, AgeOut, Clear, e.At
	case Attested:
		a.Status, a.ErasedBy, a.ErasedAt, a.Attestation, a.HoldsChecked = StatusAttested, e.By, e.At, e.Hash, e.At
	case Verified:
		a.VerifiedBy, a.VerifiedAt = e.By, e.At
		if a.Status == StatusErased {
			a.Status = StatusVerified
		}
	case MadeInfeasible, Reviewed:
		a.Status, a.Infeasible = StatusInfeasible, e.Infeasible
	case Certified:
		f.Certificates = append(f.Certificates, e.Hash)
		f.FinalCertificate = f.FinalCertificate || e.Final
	case Closed:
		f.Phase = PhaseClosed
	}
}
