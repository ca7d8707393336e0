"""Every chart: a drawing over data sets with fixed names; rows are given when it is shown (`parts.chart`)."""
