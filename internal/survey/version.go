package survey

import "rtevent"

func fillVersion(f *rtevent.Finding, holders []rtevent.Owner) {}
