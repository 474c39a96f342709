package pipeline

import (
	"context"

	"inbeeld/pipeline/internal/mart"
)

// retain removes what is past keeping, judges what depends on the clock, and ends a run that has
// nothing new to publish.
func (n *night) retain(ctx context.Context, _ map[string]int64) (mart.Outcome, error) {
	n.retired = n.Book.retire(n.Journal)
	expired, err := n.Book.expire(n.Journal)
	if err != nil {
		return "", err
	}
	n.expired = expired
	if n.ages, err = judgeAges(ctx, n.Book, n.graph); err != nil {
		return "", err
	}
	n.graph = n.ages.Graph
	if err := n.ages.addOverdue(n.Book, 0); err != nil {
		return "", err
	}
	n.Run.Findings, n.result.Findings, n.result.Alarms = n.ages.Late, n.ages.Late, alarms(n.ages.Late)
	same := false
	if same, n.inputs = n.upToDate(n.Book); same && !n.opt.Fresh {
		return mart.NothingToDo, nil
	}
	return "", nil
}
