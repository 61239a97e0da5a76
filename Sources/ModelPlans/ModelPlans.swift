// The module ModelPlans.
