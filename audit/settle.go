package audit

import "context"

// Settle returns when every append to the chain whose payload was sealed before
// Settle was called is stored or has failed. Whoever destroys a key calls it
// once the key seals nothing more, and then knows all that it has sealed. Its
// errors are those of ctx, and those of the store that the appends before
// meet.
func (l *Log) Settle(ctx context.Context, chain string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.writer(chain).submit(ctx, &request{})
}
