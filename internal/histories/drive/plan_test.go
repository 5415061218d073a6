package drive

import (
	"reflect"
	"testing"

	"rescind/internal/histories/model"
	"rescind/internal/histories/proxy"
)

func TestAPlanIsItsSeeds(t *testing.T) {
	if !reflect.DeepEqual(NewPlan(7), NewPlan(7)) {
		t.Error("one seed gives two plans")
	}
	if reflect.DeepEqual(NewPlan(7), NewPlan(8)) {
		t.Error("two seeds give one plan")
	}
}

// TestPlansHoldEverything: in a few hundred of them each operation, fault,
// profile, policy, kill and restore stands.
func TestPlansHoldEverything(t *testing.T) {
	kinds, faults, names := map[model.Kind]int{}, map[proxy.Fault]int{}, map[string]int{}
	kills, restores, keeps, alone, killed, foreign, people, volleys := 0, 0, 0, 0, 0, 0, 0, 0
	for seed := range uint64(300) {
		p := NewPlan(seed)
		names[p.Profile]++
		kills += len(p.Kills)
		if p.Restore > 0 {
			restores++
		}
		if p.People {
			people++
		}
		if p.Volley > 0 {
			volleys++
		}
		if p.Clients[0].KeepsRefresh {
			keeps++
		}
		if p.Clients[0].RevokesToken {
			alone++
		}
		for _, lane := range p.Lanes {
			for _, s := range lane {
				kinds[s.kind]++
				faults[s.orders.Fault]++
				if s.foreign {
					foreign++
				}
			}
		}
		for i, lane := range p.Operators {
			for _, s := range lane {
				kinds[s.kind]++
				if s.kill > 0 {
					killed++
				}
				switch s.kind {
				case model.Disable, model.Enable, model.UserDisable, model.UserEnable, model.UserDelete:
					if i > 0 {
						t.Fatal("two operators switch clients or users off and on")
					}
				}
			}
		}
	}
	for _, k := range []model.Kind{model.Create, model.Issue, model.Introspect, model.Refresh, model.Revoke, model.RevokeGrant,
		model.RevokeSubject, model.RevokeClient, model.Disable, model.Enable, model.SignIn, model.Visit, model.SignOut, model.Ask, model.Redeem,
		model.Cut, model.CutAll, model.UserDisable, model.UserEnable, model.UserPassword, model.UserDelete} {
		if kinds[k] == 0 {
			t.Errorf("no plan has %s", k)
		}
	}
	for _, f := range proxy.Faults() {
		if faults[f] == 0 {
			t.Errorf("no plan has %s", f)
		}
	}
	if len(names) != len(profiles) || kills*restores*keeps*alone*killed*foreign*people*volleys == 0 {
		t.Errorf("profiles %v, kills %d, restores %d, keeping %d, ending one token %d, killed commands %d, foreign %d, people %d, volleys %d",
			names, kills, restores, keeps, alone, killed, foreign, people, volleys)
	}
}

func TestNothingHappensInCalm(t *testing.T) {
	var n network
	if got := n.choose(nil); got != (proxy.Orders{}) {
		t.Errorf("%v", got)
	}
}
