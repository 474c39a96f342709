package pipeline

import (
	"context"

	"inbeeld/pipeline/internal/audit"
	"inbeeld/pipeline/internal/mart"
)

// retain applies the retention terms, judges ages, and ends a run that has nothing new to publish.
func (n *night) retain(ctx context.Context, _ map[string]int64) (mart.Outcome, error) {
	if n.opt.outside() == "" {
		if err := n.removeOld(ctx); err != nil {
			return "", err
		}
	}
	same, inputs := n.UpToDate(n.Book)
	n.inputs = inputs
	if same && n.opt.outside() == "" && !n.opt.Fresh {
		return mart.NothingToDo, nil
	}
	return "", nil
}

// removeOld removes originals and deliveries past their term, and judges ages.
func (n *night) removeOld(ctx context.Context) (err error) {
	n.retired = n.RemoveOriginals(n.Journal)
	if n.expired, err = n.Expire(n.Journal); err != nil {
		return err
	}
	if n.ages, err = audit.JudgeAges(ctx, n.Book, n.graph); err != nil {
		return err
	}
	n.graph = n.ages.Graph
	if err := n.ages.AddOverdue(n.Book, 0); err != nil {
		return err
	}
	n.Run.Findings, n.result.Findings, n.result.Alarms = n.ages.Late, n.ages.Late, audit.Alarms(n.ages.Late)
	return nil
}
