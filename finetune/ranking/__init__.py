"""The ranker's training: labelled cases, the features of their options, and the fit."""
